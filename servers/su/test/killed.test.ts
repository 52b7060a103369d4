import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../../packages/server-kit/test/free-ports.ts';
import {
  expectSound,
  FakeArweave,
  messageItem,
  newSigner,
  readAll,
  rigAt,
  spawn,
  temporaryDirectory,
  until,
} from './support.ts';
import { keyFile, UnitProcess } from './unit-process.ts';

/** More of them with `AO_KILLS=50`. */
const KILLS = Number(process.env.AO_KILLS ?? 6);
const PROCESSES = 3;
const SENDERS = 12;

test('killed at any moment under load, the unit loses, repeats and skips nothing', {
  timeout: 60_000 + KILLS * 40_000,
}, async () => {
  await using directory = await temporaryDirectory();
  await using arweave = await new FakeArweave().start();
  const key = await keyFile(directory.path);
  const port = await freePort();
  const rig = rigAt(`http://127.0.0.1:${port}`, key.address);
  const env = {
    PORT: String(port),
    SU_WALLET_PATH: key.path,
    DB_URL: join(directory.path, 'su.sqlite'),
    GATEWAY_URL: arweave.url,
    UPLOAD_NODE_URL: arweave.url,
  };

  const user = newSigner();
  const processes: string[] = [];
  const acknowledged = new Map<string, string[]>();
  for (let round = 0; round <= KILLS; round++) {
    await using unit = new UnitProcess(env);
    await unit.ready(rig);
    if (round === 0) {
      for (let i = 0; i < PROCESSES; i++) processes.push(await spawn(rig, user));
    }
    if (round === KILLS) break;
    let sent = 0;
    const killAfter = randomInt(1, 120);
    const send = async (sender: number) => {
      const processId = processes[sender % PROCESSES] ?? '';
      const known = acknowledged.get(processId) ?? [];
      acknowledged.set(processId, known);
      while (unit.running) {
        const item = await messageItem(processId, user);
        const answer = await rig.post(item).catch(() => undefined);
        if (answer?.status === 200) known.push(item.id);
        if (++sent === killAfter) await unit.kill('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, (_, sender) => send(sender)));
  }

  await using unit = new UnitProcess(env);
  await unit.ready(rig);
  for (const processId of processes) {
    const edges = await readAll(rig, processId);
    expectSound(processId, edges);
    const ids = edges.map(({ node }) => node.message?.id ?? '');
    expect(new Set(ids).size).toBe(ids.length);
    expect(acknowledged.get(processId)?.filter((id) => !ids.includes(id))).toEqual([]);
    const all = [...ids, ...edges.map(({ node }) => node.assignment.id)];
    await until(() => all.every((id) => arweave.uploaded.includes(id)), 'everything is uploaded');
  }
  expect(await unit.kill('SIGTERM')).toBe(0);
});
