import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestPostgres } from '../../../packages/server-kit/test/postgres.ts';
import { PostgresLedger } from '../src/stores/postgres-ledger.ts';
import { FakeNetwork, send } from './fake-network.ts';
import { ledgerSuite } from './ledger-suite.ts';
import { MuProcess, until } from './mu-process.ts';
import { Ring } from './ring.ts';
import type { MuClient } from './unit.ts';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await TestPostgres.start();
});

afterAll(() => postgres[Symbol.asyncDispose]());

const fail = (error: unknown) => {
  throw error;
};

let shared: string | undefined;

ledgerSuite('the ledger in PostgreSQL', async () => {
  shared ??= await postgres.database();
  const url = shared;
  await empty(url);
  return (clock) => PostgresLedger.open(url, clock, fail);
});

const entry = (key: string, lane: string) => ({
  key,
  lane,
  kind: 'message' as const,
  emitter: 'a',
  target: 'b',
  depth: 1,
  plan: { tags: [], data: ' ' },
});

test('a unit that others took for gone records nothing, so that nobody misses it, until it is back', async () => {
  const url = await postgres.database();
  const gone = await PostgresLedger.open(url, Date.now, fail);
  const heir = await PostgresLedger.open(url, Date.now, fail);
  const taken: string[] = [];
  await heir.follow(({ nodes }) => taken.push(...nodes.map(({ lane }) => lane)));
  await gone.record([entry('1', 'a>b')], null);
  const admin = new pg.Client(url);
  await admin.connect();
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON oid = database
     WHERE datname = current_database() AND locktype = 'advisory' AND objid = 1`,
  );
  await until(() => taken.length > 0);
  const failed = { code: 'STORE.FAILED', action: 'retry' };
  await expect(gone.record([entry('2', 'a>c')], null)).rejects.toMatchObject(failed);
  await expect(gone.addMonitor('p')).rejects.toMatchObject(failed);
  await gone.follow(() => {});
  expect(await gone.record([entry('2', 'a>c')], null)).toHaveLength(1);
  expect(taken).toEqual(['a>b']);
  await Promise.all([gone.close(), heir.close(), admin.end()]);
});

test('a lane belongs to one unit, which is told what another puts into it', async () => {
  const url = await postgres.database();
  const [one, two] = await Promise.all([
    PostgresLedger.open(url, Date.now, fail),
    PostgresLedger.open(url, Date.now, fail),
  ]);
  const told: string[] = [];
  await one.follow(({ nodes }) => told.push(...nodes.map(({ lane }) => lane)));
  await two.follow(() => {});
  const own = await one.record([entry('1', 'a>b')], null);
  expect(own).toHaveLength(1);
  const others = await two.record([entry('2', 'a>b'), entry('3', 'a>c')], null);
  expect(others.map(({ lane }) => lane)).toEqual(['a>c']);
  await until(() => told.length > 0);
  expect(told).toEqual(['a>b']);

  const receipt = { host: 'su', awaitsResult: false, children: [] };
  for (const key of ['1', '2']) {
    const node = await one.find(key);
    await one.scheduled(node?.seq ?? 0, { ...receipt, id: key });
  }
  expect(await two.record([entry('4', 'a>b')], null)).toHaveLength(1);
  await Promise.all([one.close(), two.close()]);
});

async function empty(url: string): Promise<void> {
  await (await PostgresLedger.open(url, Date.now, fail)).close();
  const client = new pg.Client(url);
  await client.connect();
  await client.query('TRUNCATE nodes, lanes, units, processes, monitors');
  await client.end();
}

describe('two units on one ledger', () => {
  let network: FakeNetwork;
  let units: MuProcess[];
  let clients: MuClient[];

  beforeEach(async () => {
    network = await new FakeNetwork().start();
    const url = await postgres.database();
    units = await Promise.all([MuProcess.prepare(network, url), MuProcess.prepare(network, url)]);
    clients = await Promise.all(units.map((unit) => unit.start()));
  });

  afterEach(async () => {
    await Promise.all(units.map((unit) => unit.kill()));
    await network[Symbol.asyncDispose]();
  });

  test('what a killed unit leaves, the other one takes over', async () => {
    const receiver = network.addProcess();
    const outbox = Array.from({ length: 10 }, (_, n) => send(receiver, { Reference: String(n) }));
    const sender = network.addProcess(() => ({ Messages: outbox }));
    const held = new Promise<undefined>(() => {});
    let children = 0;
    network.su.fault = ({ method, body }) => {
      if (method !== 'POST' || !body.includes('From-Process')) return undefined;
      children += 1;
      return children > 3 ? held : undefined;
    };
    await clients[0]?.post(await network.message(sender));
    await until(() => children > 3);
    network.su.fault = () => undefined;
    await units[0]?.kill();
    expect(await clients[1]?.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    const order = network.items(receiver).map((item) => Number(item.tag('Reference')));
    expect(order).toEqual(outbox.map((_, n) => n));
  });

  test.each(['answered late', 'left to the other one'])(
    'what a process sends comes in the order of its evaluations, though the first one is %s',
    async (how) => {
      const receiver = network.addProcess();
      const sender = network.addProcess(({ nonce }) => ({
        Messages: [send(receiver, { Reference: String(nonce) })],
      }));
      const [first, second] = [await network.message(sender), await network.message(sender)];
      const answered = Promise.withResolvers<undefined>();
      network.cu.fault = ({ url }) => (url.pathname.includes(first.id) ? answered.promise : undefined);
      await clients[0]?.post(first);
      await clients[1]?.post(second);
      const failed = async () => ((await clients[1]?.tree(second.id))?.[0]?.attempts ?? 0) > 0;
      while (network.items(receiver).length === 0 && !(await failed()));
      if (how === 'answered late') answered.resolve(undefined);
      else {
        network.cu.fault = () => undefined;
        await units[0]?.kill();
      }
      expect(await clients[1]?.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
      expect(network.items(receiver).map((item) => item.tag('Reference'))).toEqual(['1', '2']);
    },
  );

  test('a ring over two units keeps every message while now one, now the other is killed', async () => {
    const ring = new Ring(network, { tokens: 10, hops: 20 });
    for (const [n, item] of (await ring.items()).entries()) await clients[n % 2]?.post(item);
    for (const [kill, victim] of [0, 1, 0].entries()) {
      await until(() => ring.arrived >= (ring.total * (kill + 1)) / 4);
      await units[victim]?.kill();
      clients[victim] = (await units[victim]?.start()) as MuClient;
    }
    expect(await clients[0]?.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    ring.check();
  }, 180_000);

  test('while the database is away nothing is taken or lost', async () => {
    const receiver = network.addProcess();
    const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
    let pulled = 0;
    network.cu.fault = async () => {
      pulled += 1;
      return { status: 500 };
    };
    await clients[0]?.post(await network.message(sender));
    await until(() => pulled > 0);
    await postgres.stop();
    expect((await clients[0]?.post(await network.message(sender)))?.status).toBe(503);
    network.cu.fault = () => undefined;
    await postgres.restart();
    await until(() => network.items(receiver).length === 1);
    expect(await clients[1]?.settled()).toMatchObject({ pending: 0, dead: 0 });
    expect(network.items(receiver)).toHaveLength(1);
  });
});
