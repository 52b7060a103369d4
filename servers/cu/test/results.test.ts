import { AoError } from '@ao-ts/core';
import { GroupCommit, openSqlite } from '@ao-ts/server-kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrations } from '../src/stores/sqlite-migrations.ts';
import { SqliteResultStore } from '../src/stores/sqlite-result-store.ts';
import { FakeNetwork } from './support/fake-network.ts';
import { idOf } from './support/ids.ts';
import { randomName, startUnit, type TestUnit } from './support/unit.ts';

let network: FakeNetwork;
let unit: TestUnit;
let processId: string;
const START = 1_700_000_000_000;

beforeAll(async () => {
  network = await FakeNetwork.start();
  unit = await startUnit(network);
  processId = network.spawn(randomName());
  for (const data of ['!a', '!e', '!m', '!t', '!a'])
    network.schedule(processId, { name: randomName(), data });
  await unit.get(`/result/5?process-id=${processId}`);
});

afterAll(async () => {
  await unit[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const list = async (search = '') => (await unit.get(`/results/${processId}?${search}`)).json;
const outputs = async (search = '') =>
  (await list(search)).edges.map(({ node }: { node: { Output: string } }) => Number(node.Output));
const cursor = (nonce: number, sort = 'ASC') =>
  btoa(JSON.stringify({ timestamp: START + nonce * 1000, ordinate: String(nonce), cron: null, sort }));

describe('/results', () => {
  test('lists what succeeded, without gas, each with its public cursor', async () => {
    const { pageInfo, edges } = await list();
    expect(pageInfo).toEqual({ hasNextPage: false });
    expect(edges.map((edge: { cursor: string }) => edge.cursor)).toEqual(
      [0, 1, 3, 5].map((nonce) => cursor(nonce)),
    );
    expect(Object.keys(edges[2].node)).toEqual(['Messages', 'Assignments', 'Spawns', 'Output']);
    expect(edges[2].node.Messages).toEqual([{ Target: 't', Tags: [] }]);
  });

  test('a page that ends before failures still says that there is more', async () => {
    expect(await list('limit=2')).toMatchObject({ pageInfo: { hasNextPage: true }, edges: [{}, {}] });
    expect(await list('limit=0')).toEqual({ pageInfo: { hasNextPage: true }, edges: [] });
    expect((await list('limit=4')).pageInfo.hasNextPage).toBe(false);
  });

  test('a cursor excludes its own place at `from` and includes it at `to`; a time includes it at both', async () => {
    expect(await outputs(`from=${cursor(1)}`)).toEqual([3, 4]);
    expect(await outputs(`from=${cursor(1)}&to=${cursor(3)}`)).toEqual([3]);
    expect(await outputs(`from=${START + 1000}&to=${START + 3000}`)).toEqual([2, 3]);
  });

  test('the order of a cursor wins over the query; `from` stays the older end', async () => {
    expect(await outputs('sort=DESC&limit=2')).toEqual([4, 3]);
    expect(await outputs(`from=${cursor(0, 'DESC')}&sort=ASC`)).toEqual([4, 3, 2]);
    expect(await outputs(`to=${cursor(1, 'DESC')}`)).toEqual([2, 1]);
    const unordered = btoa(JSON.stringify({ timestamp: START, ordinate: '0', cron: null }));
    expect(await outputs(`from=${unordered}&sort=DESC`)).toEqual([4, 3, 2]);
  });

  test('an unknown process has no results; nonsense is refused', async () => {
    expect((await unit.get(`/results/${idOf('x')}`)).json).toEqual({
      pageInfo: { hasNextPage: false },
      edges: [],
    });
    for (const search of ['from=null', 'limit=many', 'limit=-1', 'sort=desc']) {
      expect((await unit.get(`/results/${processId}?${search}`)).status).toBe(400);
    }
  });
});

test('/cron of a process without crons is empty', async () => {
  expect((await unit.get(`/cron/${processId}?from=${cursor(1)}&limit=50`)).json).toEqual({
    pageInfo: { hasNextPage: false },
    edges: [],
  });
});

describe('/state', () => {
  test('gives the memory at the newest message, or at a time that is not passed yet', async () => {
    const other = network.spawn(randomName());
    for (let nonce = 1; nonce < 9; nonce++) network.schedule(other, { name: randomName() });
    const counterAt = async (search: string) => {
      const response = await fetch(`${unit.url}/state/${other}${search}`);
      const nonce = response.headers.get('last-ordinate');
      if (!response.ok) return response.status;
      return [nonce, Buffer.from(await response.arrayBuffer()).readUInt32LE(1024)];
    };
    expect(await counterAt(`?to=${START + 3500}`)).toEqual(['3', 4]);
    expect(await counterAt(`?to=${START + 2000}`)).toBe(425);
    expect(await counterAt('')).toEqual(['8', 9]);
    const { headers } = await fetch(`${unit.url}/state/${other}`);
    expect(headers.get('last-timestamp')).toBe(String(START + 8000));
    expect(headers.get('last-block-height')).toBe('1650000');
    expect(headers.get('content-type')).toBe('application/octet-stream');
  });
});

describe('without asking again and again', () => {
  test('what did not change is not sent again', async () => {
    for (const path of [`/results/${processId}?limit=3`, `/result/1?process-id=${processId}`]) {
      const { headers } = await unit.get(path);
      const again = await fetch(unit.url + path, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
      expect([again.status, await again.text()]).toEqual([304, '']);
      const other = await fetch(unit.url + path, { headers: { 'if-none-match': '"other"' } });
      expect(other.status).toBe(200);
    }
    const other = network.spawn(randomName());
    const tag = async () => (await unit.get(`/results/${other}`)).headers.get('etag');
    const before = await tag();
    await unit.get(`/result/0?process-id=${other}`);
    expect(await tag()).not.toBe(before);
  });

  test('a stream tells each new result once, and resumes after a cursor', async () => {
    const other = network.spawn(randomName());
    const evaluate = async (nonce: number) => {
      network.schedule(other, { name: randomName() });
      await unit.get(`/result/${nonce}?process-id=${other}`);
    };
    const listen = async (headers: Record<string, string>, count: number, meanwhile: () => Promise<void>) => {
      const stop = new AbortController();
      const response = await fetch(`${unit.url}/results/${other}/stream`, { headers, signal: stop.signal });
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      const ids: string[] = [];
      const outputs: number[] = [];
      let text = '';
      const done = meanwhile();
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString();
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) {
          const [id, data] = event.split('\n');
          if (!id?.startsWith('id: ') || !data) continue;
          ids.push(id.slice(4));
          outputs.push(Number(JSON.parse(data.slice(6)).node.Output));
        }
        if (outputs.length >= count) break;
      }
      stop.abort();
      await done;
      return { ids, outputs };
    };
    await evaluate(1);
    const first = await listen({}, 3, async () => {
      for (const nonce of [2, 3, 4]) await evaluate(nonce);
    });
    expect(first.outputs).toEqual([3, 4, 5]);
    const second = await listen({ 'last-event-id': first.ids[0] ?? '' }, 3, () => evaluate(5));
    expect(second.outputs).toEqual([4, 5, 6]);
    expect((await fetch(`${unit.url}/results/${other}/stream?from=nonsense`)).status).toBe(400);
  });

  test('a stream whose store fails ends, so that its reader comes again', async () => {
    const db = openSqlite(':memory:', migrations);
    const store = new SqliteResultStore(db, new GroupCommit(db));
    const list = store.list.bind(store);
    let asked = 0;
    store.list = (query) =>
      ++asked < 2
        ? list(query)
        : Promise.reject(new AoError('STORE.FAILED', 'The database is away.', { action: 'retry' }));
    await using own = await startUnit(network, { overrides: { results: store } });
    const response = await fetch(`${own.url}/results/${processId}/stream`);
    expect([response.status, await response.text()]).toEqual([200, ': results\n\n']);
    db.close();
  });

  test('an open stream does not keep the unit from stopping', async () => {
    const own = await startUnit(network);
    const response = await fetch(`${own.url}/results/${processId}/stream`);
    await own[Symbol.asyncDispose]();
    expect(await response.text()).toContain(': results');
  });
});
