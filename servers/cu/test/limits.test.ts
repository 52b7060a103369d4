import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeNetwork, OWNER } from './support/fake-network.ts';
import { idOf } from './support/ids.ts';
import { randomName, startUnit, type TestUnit } from './support/unit.ts';

let network: FakeNetwork;
let processId: string;

beforeAll(async () => {
  network = await FakeNetwork.start();
});

beforeEach(() => {
  processId = network.spawn(randomName());
});

afterAll(() => network[Symbol.asyncDispose]());

const add = (data = '!a') => network.schedule(processId, { name: randomName(), data });
const result = (unit: TestUnit, id: string, search = '') =>
  unit.get(`/result/${id}?process-id=${processId}${search}`);
const message = { Owner: 'o', Tags: [], Data: '!r' };

describe('access', () => {
  const statuses = async (env: Record<string, string>) => {
    await using unit = await startUnit(network, { env });
    const answers = await Promise.all([
      result(unit, '0'),
      unit.get(`/results/${processId}`),
      unit.get(`/cron/${processId}`),
      unit.get(`/state/${processId}`),
      unit.dryRun(processId, message),
    ]);
    return { statuses: new Set(answers.map(({ status }) => status)), error: answers[0]?.json.error };
  };

  test('a restricted process is denied on every route', async () => {
    expect(await statuses({ RESTRICT_PROCESSES: `${idOf('x')},${processId}` })).toEqual({
      statuses: new Set([403]),
      error: `Access denied for process ${processId}`,
    });
  });

  test('with a list of processes, only those are served', async () => {
    expect((await statuses({ ALLOW_PROCESSES: idOf('x') })).statuses).toEqual(new Set([403]));
    expect((await statuses({ ALLOW_PROCESSES: processId })).statuses).toEqual(new Set([200]));
  });

  test('with a list of owners, only their processes are served', async () => {
    expect(await statuses({ ALLOW_OWNERS: idOf('x') })).toEqual({
      statuses: new Set([403]),
      error: `Access denied for process owner ${OWNER.address}`,
    });
    expect((await statuses({ ALLOW_OWNERS: OWNER.address })).statuses).toEqual(new Set([200]));
  });
});

test('a read unit answers dry-runs only', async () => {
  await using unit = await startUnit(network, { env: { UNIT_MODE: 'ru' } });
  add();
  expect((await unit.dryRun(processId, message)).json.Output).toBe('00000002');
  const notThere = [
    `/result/0?process-id=${processId}`,
    ...['results', 'cron', 'state'].map((route) => `/${route}/${processId}`),
  ];
  for (const path of notThere) expect(await unit.get(path)).toMatchObject({ status: 404, text: 'Not Found' });
  expect((await unit.get('/')).status).toBe(200);
  await using restricted = await startUnit(network, {
    env: { UNIT_MODE: 'ru', RESTRICT_PROCESSES: processId },
  });
  for (const path of notThere) expect((await restricted.get(path)).status).toBe(404);
});

test('a slow evaluation is answered 202, goes on, and is there later', async () => {
  await using unit = await startUnit(network, { env: { BUSY_THRESHOLD: '150' } });
  expect((await result(unit, '0', '&no-busy=1')).status).toBe(200);
  const id = add();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  network.intercept = (_, response) => {
    void held.then(() => response.writeHead(502).end());
    return true;
  };
  const busy = await Promise.all([
    result(unit, id),
    unit.dryRun(processId, message),
    unit.get(`/state/${processId}`),
  ]);
  network.intercept = () => false;
  release();
  expect(busy.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(busy.map(({ json }) => json.message)).toEqual(
    [id, 'latest', 'latest'].map((to) => `Evaluation of process "${processId}" to "${to}" is in progress.`),
  );
  expect((await result(unit, id, '&no-busy=1')).json.Output).toBe('00000002');
});

test('a request far ahead of a running evaluation is refused for now, and the work goes on', async () => {
  await using unit = await startUnit(network, { env: { HYDRATION_MODE_NONCE_LIMIT: '10' } });
  const ids = Array.from({ length: 60 }, () => add());
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let pages = 0;
  network.intercept = (path, response) => {
    if (pages > 0 || !path.startsWith(`/${processId}?`)) return false;
    pages += 1;
    void held.then(() => response.writeHead(502).end());
    return true;
  };
  const first = result(unit, ids[5] ?? '');
  await expect.poll(() => pages).toBe(1);
  const ahead = await result(unit, ids[59] ?? '');
  release();
  expect(ahead.status).toBe(503);
  expect(ahead.json.error).toBe(
    `Nonce limit exceeded: process ${processId} is currently hydrating with >10 nonces remaining (61 remaining). Please try again later.`,
  );
  expect((await first).json.Output).toBe('00000007');
  await expect
    .poll(async () => (await unit.get(`/results/${processId}?limit=100`)).json.edges.length)
    .toBe(61);
});

test('dry-runs of one client are limited where that is configured', async () => {
  await using unit = await startUnit(network, { env: { RATE_LIMIT_MAX_REQUESTS: '2' } });
  const statusOf = async (Data: string) => (await unit.dryRun(processId, { ...message, Data })).status;
  // What is answered again counts once, and what can not be read not at all.
  for (const data of ['!r', '!r', '!r']) expect(await statusOf(data)).toBe(200);
  expect((await unit.dryRun(processId, {})).status).toBe(400);
  expect(await statusOf('!a')).toBe(200);
  const { status, headers, json } = await unit.dryRun(processId, { ...message, Data: '!m' });
  expect([status, json.error]).toEqual([429, 'Rate limit exceeded']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(1);
  expect(await statusOf('!r')).toBe(200);
});

test('processes make room for others and come back as they were', async () => {
  await using unit = await startUnit(network, { env: { PROCESS_MEMORY_CACHE_MAX_SIZE: '1' } });
  const processes = Array.from({ length: 6 }, () => network.spawn(randomName()));
  for (let round = 1; round <= 3; round++) {
    for (const pid of processes) {
      const id = network.schedule(pid, { name: randomName(), data: round === 2 ? '!g' : '!a' });
      const answer = await unit.get(`/result/${id}?process-id=${pid}`);
      expect(answer.json.Output).toBe(`0000000${round + 1}`);
    }
  }
});
