import type { DataItem } from '@ao-ts/core/ans104';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../packages/server-kit/test/free-ports.ts';
import { TestPostgres } from '../../../packages/server-kit/test/postgres.ts';
import { openStores } from '../src/stores/open.ts';
import { storeCompliance } from './store-compliance.ts';
import {
  expectSound,
  FakeArweave,
  messageItem,
  newSigner,
  readAll,
  rigAt,
  spawn,
  spawnItem,
  startScheduler,
  temporaryDirectory,
  until,
} from './support.ts';
import { keyFile, UnitProcess } from './unit-process.ts';

let postgres: TestPostgres;
const user = newSigner();
// Each is given once in a program, by whichever test comes first.
const warnings: Error[] = [];

beforeAll(async () => {
  process.on('warning', (warning) => warnings.push(warning));
  postgres = await TestPostgres.start();
});

afterAll(() => postgres[Symbol.asyncDispose]());

storeCompliance('PostgreSQL', async () => openStores(await postgres.database()));

test('a process that another unit is writing is left to it until it lets go', async () => {
  const url = await postgres.database();
  const [first, second] = await Promise.all([openStores(url), openStores(url)]);
  await first.store.hold('process');
  await expect(second.store.hold('process')).rejects.toMatchObject({
    code: 'SCHEDULE.ELSEWHERE',
    action: 'retry',
  });
  await second.store.hold('other process');
  const waiting = second.store.hold('process');
  first.store.letGo('process');
  await waiting;
  await Promise.all([first.store.close(), second.store.close()]);
});

test('what a unit took to upload and did not is left to the others after a minute', async () => {
  const url = await postgres.database();
  const [dead, other] = await Promise.all([openStores(url), openStores(url)]);
  await dead.store.hold('process');
  const bytes = { assignment: Buffer.alloc(1), item: Buffer.alloc(1) };
  const ids = { processId: 'process', assignmentId: 'assignment', itemId: 'process' };
  await dead.store.append({ ...ids, ...bytes, nonce: 0, timestamp: 1 });
  const taken = await dead.outbox.due(1000, 10);
  expect(taken).toHaveLength(1);
  await dead.store.close();
  expect(await other.outbox.due(60_999, 10)).toEqual([]);
  expect(await other.outbox.due(61_000, 10)).toEqual(taken);
  await other.store.close();
});

test('a unit that lost its connection does not write on the strength of its old right', async () => {
  const url = await postgres.database();
  const { store } = await openStores(url);
  await store.hold('process');
  const admin = new pg.Client(url);
  await admin.connect();
  await admin.query(
    'SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = $1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
    ['advisory'],
  );
  const slot = {
    processId: 'process',
    nonce: 0,
    timestamp: 1,
    assignmentId: 'assignment',
    assignment: Buffer.alloc(1),
    itemId: 'process',
    item: Buffer.alloc(1),
  };
  await expect(store.append(slot)).rejects.toMatchObject({ action: 'retry' });
  await expect(store.append(slot)).rejects.toMatchObject({ code: 'SCHEDULE.CONFLICT' });
  expect(await store.hasProcess('process')).toBe(false);
  await store.hold('process');
  await store.append(slot);
  expect(await store.hasProcess('process')).toBe(true);
  await admin.end();
  await store.close();
});

test('a connection is asked for one thing at a time, however much is to do', async () => {
  const { store } = await openStores(await postgres.database());
  const processes = Array.from({ length: 20 }, (_, index) => `process ${index}`);
  await Promise.all(
    processes.map(async (processId) => {
      await store.hold(processId);
      const bytes = { assignment: Buffer.alloc(1), item: Buffer.alloc(1) };
      const ids = { processId, assignmentId: `assignment of ${processId}`, itemId: processId };
      await store.append({ ...ids, ...bytes, nonce: 0, timestamp: 1 });
      store.letGo(processId);
    }),
  );
  await store.close();
  expect(warnings).toEqual([]);
});

test('the unit works on PostgreSQL, restarts included', async () => {
  await using arweave = await new FakeArweave().start();
  const options = { arweave, signer: newSigner(), env: { DB_URL: await postgres.database() } };
  const first = await startScheduler(options);
  const processId = await spawn(first);
  const items = await Promise.all(Array.from({ length: 60 }, () => messageItem(processId, user)));
  const answers = await Promise.all(items.map((item) => first.post(item)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  await first[Symbol.asyncDispose]();

  await using second = await startScheduler(options);
  await second.post(await messageItem(processId, user, { data: 'a\0b' }));
  const edges = await readAll(second, processId, 7);
  expect(edges).toHaveLength(62);
  expectSound(processId, edges);
  expect(edges.at(-1)?.node.message?.data).toBe('a\0b');
  await until(() => arweave.uploaded.length === 124, 'everything is uploaded');
});

test('an id that a text of PostgreSQL can not hold is one that nobody knows', async () => {
  await using arweave = await new FakeArweave().start();
  await using rig = await startScheduler({ arweave, env: { DB_URL: await postgres.database() } });
  const processId = await spawn(rig);
  for (const [path, error] of [
    ['/a%00b', 'Message or Process not found'],
    ['/a%00b/latest', 'Latest message not available'],
    ['/processes/a%00b', 'NotFound("Process not found")'],
  ] as const) {
    const { status, body } = await rig.get(path);
    expect([status, body.error]).toEqual([400, error]);
  }
  expect((await rig.page(`/${processId}?process-id=a%00b`)).edges).toHaveLength(1);
  const assigned = await rig.post(Buffer.alloc(0), `?process-id=a%00b&assign=${processId}`);
  expect([assigned.status, assigned.body.error]).toEqual([400, 'NotFound("Process not found")']);
});

test('while the database is away everything is put off; then the unit goes on', async () => {
  await using arweave = await new FakeArweave().start();
  await using rig = await startScheduler({ arweave, env: { DB_URL: await postgres.database() } });
  const processId = await spawn(rig);
  const item = await messageItem(processId, user);
  await postgres.stop();
  try {
    for (const path of [`/${processId}`, `/${processId}/latest`, `/processes/${processId}`]) {
      const { status, body, headers } = await rig.get(path);
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'STORE.FAILED', '1']);
    }
    for (const posted of [item, await spawnItem(rig.address, user)]) {
      const { status, body, headers } = await rig.post(posted);
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'STORE.FAILED', '1']);
    }
    expect((await rig.get('/health')).status).toBe(200);
  } finally {
    await postgres.restart();
  }
  await until(async () => (await rig.post(item)).status === 200, 'the item is taken');
  const edges = await readAll(rig, processId);
  expect(edges).toHaveLength(2);
  expectSound(processId, edges);
});

test('the same item posted to two units at once is taken by one', async () => {
  await using arweave = await new FakeArweave().start();
  const options = { arweave, signer: newSigner(), env: { DB_URL: await postgres.database() } };
  await using first = await startScheduler(options);
  await using second = await startScheduler(options);
  const post = async (item: DataItem) => {
    const answers = await Promise.all([first.post(item), second.post(item), second.post(item)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    for (const { status, body } of answers) {
      if (status === 400) expect(body.error).toBe('MessageExists("Message already exists")');
    }
  };
  const process = await spawnItem(first.address, user);
  await post(process);
  for (let i = 0; i < 5; i++) await post(await messageItem(process.id, user));
  const edges = await readAll(second, process.id);
  expect(edges).toHaveLength(6);
  expectSound(process.id, edges);
});

test('two units on one database write every process in turn, and one goes on when the other is killed', {
  timeout: 240_000,
}, async () => {
  await using directory = await temporaryDirectory();
  await using arweave = await new FakeArweave().start();
  const key = await keyFile(directory.path);
  const DB_URL = await postgres.database();
  const start = async () => {
    const port = await freePort();
    const rig = rigAt(`http://127.0.0.1:${port}`, key.address);
    const unit = new UnitProcess({
      PORT: String(port),
      SU_WALLET_PATH: key.path,
      DB_URL,
      GATEWAY_URL: arweave.url,
      UPLOAD_NODE_URL: arweave.url,
    });
    await unit.ready(rig);
    return { rig, unit };
  };
  const [first, second] = await Promise.all([start(), start()]);
  const processes = [await spawn(first.rig, user), await spawn(second.rig, user)];
  const acknowledged: string[] = [];

  /** Posts messages to the units that run, each until a unit takes it or none is left. */
  const load = (count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const item = await messageItem(processes[index % 2] ?? '', user);
        for (let attempt = index; ; attempt++) {
          const running = [first, second].filter(({ unit }) => unit.running);
          const next = running[attempt % running.length];
          if (!next) return;
          const answer = await next.rig.post(item).catch(() => undefined);
          if (answer?.status === 200) acknowledged.push(item.id);
          if (answer?.status === 200 || answer?.status === 400) return;
        }
      }),
    );
  const killDuring = async (unit: UnitProcess, count: number) => {
    const known = acknowledged.length;
    const loading = load(count);
    await until(() => acknowledged.length > known + count / 4, 'the load is under way');
    await unit.kill('SIGKILL');
    await loading;
  };

  await load(40);
  expect(acknowledged).toHaveLength(40);
  await killDuring(first.unit, 120);
  expect(acknowledged.length).toBeGreaterThan(100);
  await killDuring(second.unit, 120);

  const { rig, unit } = await start();
  const stored: string[] = [];
  for (const processId of processes) {
    const edges = await readAll(rig, processId);
    expectSound(processId, edges);
    stored.push(...edges.map(({ node }) => node.message?.id ?? ''));
  }
  expect(new Set(stored).size).toBe(stored.length);
  expect(acknowledged.filter((id) => !stored.includes(id))).toEqual([]);
  expect(await unit.kill('SIGTERM')).toBe(0);
});
