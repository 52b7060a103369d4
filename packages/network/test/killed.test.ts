import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, Network, type NetworkFile } from '../src/index.ts';
import { freePorts, UnitProcess } from './unit-process.ts';

const COUNTER = `
Count = 0
Handlers.add("count", { Action = "Count" }, function(msg)
  Count = Count + 1
  msg.reply({ Action = "Counted", Data = tostring(Count) })
end)`;

let directory: string;
let file: NetworkFile;
let client: Client;
let units: UnitProcess[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ao-killed-'));
  const [gateway = 0, su = 0, cu = 0, mu = 0] = await freePorts(4);
  // The network package makes wallets, module and Scheduler-Location; then each unit runs as a program of its own.
  const network = await Network.start({ directory, ports: { gateway, su, cu, mu } });
  file = network.file;
  client = network.client;
  await network.stop();

  const operator = join(directory, 'operator.json');
  const unit = (name: 'gateway' | 'su' | 'cu' | 'mu', port: number, env: Record<string, string> = {}) =>
    new UnitProcess(name, `http://127.0.0.1:${port}`, {
      PORT: String(port),
      DATA_DIR: join(directory, name),
      DB_URL: join(directory, name, `${name}.sqlite`),
      ...(name === 'gateway' ? {} : { GATEWAY_URL: file.gateway }),
      ...env,
    });
  units = [
    unit('gateway', gateway),
    unit('su', su, { UPLOAD_NODE_URL: file.gateway, SU_WALLET_PATH: operator }),
    unit('cu', cu, { SU_URL: file.su, UPLOADER_URL: file.gateway, WALLET_FILE: operator }),
    unit('mu', mu, {
      SU_URL: file.su,
      CU_URL: file.cu,
      UPLOADER_URL: file.gateway,
      PATH_TO_WALLET: operator,
    }),
  ];
  for (const each of units) await each.start();
});
afterAll(async () => {
  await Promise.all(units.map((unit) => unit.end('SIGKILL')));
  await rm(directory, { recursive: true, force: true });
});

test('every unit is killed while messages are on their way, and all of it is found again', async () => {
  const counter = await client.spawn(COUNTER);
  const asker = await client.spawn();
  await client.eval(
    asker,
    'Answers = {}; Handlers.add("c", { Action = "Counted" }, function(m) table.insert(Answers, m.Data) end)',
  );
  const before = await client.message(counter, { Action: 'Count' });
  const known = await client.result(counter, before);
  const last = await client.eval(
    asker,
    `for i = 1, 20 do Send({ Target = "${counter}", Action = "Count" }) end return "sent"`,
  );
  expect(last.Messages).toHaveLength(20);

  await Promise.all(units.map((unit) => unit.end('SIGKILL')));
  for (const unit of units) await unit.start();

  expect(await client.result(counter, before)).toEqual(known);
  await expect
    .poll(() => client.value(asker, 'return #Answers'), { timeout: 60_000, interval: 100 })
    .toContain('20');
  expect(await client.value(counter, 'return Count')).toContain('21');
  expect(await client.value(asker, 'return table.concat(Answers, ",")')).toContain(
    Array.from({ length: 20 }, (_, i) => i + 2).join(','),
  );
});

test('SIGTERM ends every unit with status 0, and a start after it goes on', async () => {
  const counter = await client.spawn(COUNTER);
  await client.send(counter, { Action: 'Count' });
  const codes = await Promise.all([...units].reverse().map((unit) => unit.end('SIGTERM')));
  expect(codes).toEqual([0, 0, 0, 0]);
  for (const unit of units) await unit.start();
  expect((await client.dryRun(counter, { Action: 'Count' })).Messages[0]?.Data).toBe('2');
});
