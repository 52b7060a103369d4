import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AoError } from '@ao-ts/core';
import { GroupCommit, generateWallet, openSqlite } from '@ao-ts/server-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SnapshotStore } from '../src/domain/snapshot-store.ts';
import { migrations } from '../src/stores/sqlite-migrations.ts';
import { SqliteResultStore } from '../src/stores/sqlite-result-store.ts';
import { FakeNetwork, MODULE_ID } from './support/fake-network.ts';
import { randomName, startUnit, type TestUnit, temporaryDirectory } from './support/unit.ts';

let network: FakeNetwork;
let processId: string;

beforeAll(async () => {
  network = await FakeNetwork.start();
});

beforeEach(() => {
  processId = network.spawn(randomName());
});

afterEach(() => {
  network.intercept = () => false;
});

afterAll(() => network[Symbol.asyncDispose]());

const add = (data = '!a') => network.schedule(processId, { name: randomName(), data });
const result = (unit: Pick<TestUnit, 'get'>, id: string) => unit.get(`/result/${id}?process-id=${processId}`);

test('a thousand requests at once are all answered, from few questions to the scheduler', async () => {
  await using unit = await startUnit(network);
  const ids = Array.from({ length: 10 }, () => add());
  network.requests.length = 0;
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, index) => result(unit, ids[index % 10] ?? '')),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(answers.map(({ json }) => Number(json.Output))).toEqual(answers.map((_, index) => (index % 10) + 2));
  expect(network.requests.length).toBeLessThan(40);
});

test('a worker that is stopped for one process comes back for the others', async () => {
  await using unit = await startUnit(network, { env: { EVALUATION_TIMEOUT: '400' } });
  for (const data of ['!a', '!e', '!g']) add(data);
  expect((await result(unit, '3')).json.Output).toBe('00000003');
  const endless = network.spawn(randomName());
  network.schedule(endless, { name: randomName(), data: '!l' });
  const stuck = unit.get(`/result/1?process-id=${endless}`);
  const waiting = result(unit, add('!d'));
  expect((await stuck).status).toBe(503);
  expect((await waiting).json.Output).toBe('00000004');
  const again = performance.now();
  expect((await unit.get(`/result/1?process-id=${endless}`)).json.error).toContain('no progress');
  expect(performance.now() - again).toBeLessThan(400);
});

describe('a full disk', () => {
  test('fails the request, loses nothing, and is over when there is room again', async () => {
    const db = openSqlite(':memory:', migrations);
    const store = new SqliteResultStore(db, new GroupCommit(db));
    let full = true;
    const save = store.save.bind(store);
    store.save = (evaluations) =>
      full
        ? Promise.reject(new AoError('STORE.FULL', 'The disk is full.', { action: 'retry' }))
        : save(evaluations);
    await using unit = await startUnit(network, { overrides: { results: store } });
    const ids = [add(), add('!m'), add('!e')];
    expect((await result(unit, ids[2] ?? '')).status).toBe(503);
    expect((await result(unit, ids[1] ?? '')).status).toBe(503);
    full = false;
    expect((await result(unit, ids[1] ?? '')).json.Output).toBe('00000003');
    expect((await result(unit, ids[2] ?? '')).json.Error).toBe('boom');
    expect((await unit.get(`/results/${processId}`)).json.edges).toHaveLength(3);
    db.close();
  });
});

test('without its module a process waits for the gateway; others go on', async () => {
  await using unit = await startUnit(network);
  const module = network.transactions.get(MODULE_ID);
  network.transactions.delete(MODULE_ID);
  const missing = await result(unit, '0');
  expect(missing.status).toBe(404);
  expect(missing.json.error).toContain(MODULE_ID);
  if (module) network.transactions.set(MODULE_ID, module);
  expect((await result(unit, '0')).json.Output).toBe('00000001');
});

test('of a process that can not be brought to life nothing is kept in memory', async () => {
  const released: string[] = [];
  const snapshots: SnapshotStore = {
    save: async () => {},
    newest: async () => undefined,
    release: (id) => void released.push(id),
  };
  await using unit = await startUnit(network, { overrides: { snapshots } });
  const broken = network.spawn(randomName(), [{ name: 'Memory-Limit', value: '999-gb' }]);
  expect((await unit.get(`/result/0?process-id=${broken}`)).status).toBe(413);
  expect(released).toEqual([broken]);
});

test('with everything else away, what is stored is still answered', async () => {
  const directory = await temporaryDirectory();
  const id = add('!m');
  {
    await using unit = await startUnit(network, { directory });
    await result(unit, id);
  }
  network.intercept = (_, response) => {
    response.destroy();
    return true;
  };
  await using unit = await startUnit(network, { directory });
  expect((await result(unit, id)).json.Output).toBe('00000002');
  expect((await unit.get(`/results/${processId}`)).json.edges).toHaveLength(2);
});

describe('kill -9', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  test('at any moment costs time, never a result', async () => {
    const directory = await temporaryDirectory();
    const wallet = join(directory, 'wallet.json');
    await writeFile(wallet, JSON.stringify(await generateWallet()));
    const start = async (): Promise<Pick<TestUnit, 'get'>> => {
      child = spawn(process.execPath, [new URL('../src/main.ts', import.meta.url).pathname], {
        env: {
          ...process.env,
          PORT: '0',
          LOG_LEVEL: 'info',
          WALLET_FILE: wallet,
          DB_URL: join(directory, 'cu.sqlite'),
          DATA_DIR: directory,
          SU_URL: network.url,
          GATEWAY_URL: network.url,
          SNAPSHOT_INTERVAL: '20',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const url = await new Promise<string>((resolve) => {
        let log = '';
        child?.stdout?.on('data', (chunk) => {
          log += chunk;
          const ready = /"url":"([^"]+)"/.exec(log);
          if (ready?.[1]) resolve(ready[1]);
        });
      });
      return {
        get: async (path) => {
          const response = await fetch(url + path);
          const text = await response.text();
          return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
        },
      };
    };

    const kinds = ['!a', '!e', '!d', '!g', '!t', '!m'];
    const ids = Array.from({ length: 600 }, (_, index) =>
      add(index < 560 ? '!a' : (kinds[index % kinds.length] ?? '')),
    );
    const answered = new Map<string, string>();
    for (let round = 0; round < 4; round++) {
      const unit = await start();
      const asked = ids.slice(round * 150, (round + 1) * 150).map(async (id) => {
        const { status, text } = await result(unit, id);
        if (status === 200) answered.set(id, text);
      });
      const all = Promise.allSettled(asked);
      // Somewhere in the middle of the work; in the last round nothing is left to chance.
      const before = answered.size;
      if (round < 3)
        await expect
          .poll(() => answered.size, { interval: 1, timeout: 20_000 })
          .toBeGreaterThan(before + 20 * round);
      else await all;
      child?.kill('SIGKILL');
      await all;
    }
    const unit = await start();
    for (const [id, text] of answered) expect((await result(unit, id)).text).toBe(text);
    const outputs = await Promise.all(ids.map(async (id) => (await result(unit, id)).json));
    const good = outputs
      .filter(({ Error: error }) => error === undefined)
      .map(({ Output }) => Number(Output));
    expect(good).toEqual(good.map((_, index) => index + 2));
  }, 60_000);
});
