import type { SchedulePage } from '@ao-ts/core/schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectSound,
  FakeArweave,
  messageItem,
  newSigner,
  type Rig,
  readAll,
  spawn,
  startScheduler,
} from './support.ts';

const MESSAGES = 30;

let arweave: FakeArweave;
let rig: Rig & AsyncDisposable;
let processId: string;
let all: SchedulePage['edges'];
// Two ms a reading: bounds can fall between two slots.
let now = 1_728_856_580_000;
const user = newSigner();

beforeAll(async () => {
  arweave = await new FakeArweave().start();
  rig = await startScheduler({
    arweave,
    clock: () => {
      now += 2;
      return now;
    },
  });
  processId = await spawn(rig);
  for (let i = 0; i < MESSAGES; i++) await rig.post(await messageItem(processId, user));
  all = await readAll(rig, processId, 1000);
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await arweave[Symbol.asyncDispose]();
});

const timestampOf = (nonce: number) => Number(all[nonce]?.cursor);
const idsOf = (edges: SchedulePage['edges']) => edges.map(({ node }) => node.assignment.id);

test('the schedule is sound and starts with the process', () => {
  expect(all).toHaveLength(MESSAGES + 1);
  expectSound(processId, all);
  expect(all[0]?.node.message?.tags).toContainEqual({ name: 'Type', value: 'Process' });
});

/** What the contract says a page holds, over plain lists. */
function model(bounds: {
  from?: number | undefined;
  to?: number | undefined;
  fromNonce?: number | undefined;
  toNonce?: number | undefined;
  limit: number;
}) {
  const { from, to, fromNonce, toNonce, limit } = bounds;
  const byNonce = fromNonce !== undefined || toNonce !== undefined;
  const matching = all.filter((_edge, nonce) => {
    const whole = byNonce ? fromNonce === undefined || fromNonce === -1 : from === undefined;
    if (nonce === 0) return whole;
    if (byNonce) return nonce > (fromNonce ?? -1) && nonce <= (toNonce ?? Number.POSITIVE_INFINITY);
    return timestampOf(nonce) > (from ?? 0) && timestampOf(nonce) <= (to ?? Number.POSITIVE_INFINITY);
  });
  const edges = matching.slice(0, Math.max(limit, 1));
  return { ids: idsOf(edges), more: edges.length > 0 && matching.length > edges.length };
}

async function check(bounds: Parameters<typeof model>[0]): Promise<void> {
  const names = { from: 'from', to: 'to', fromNonce: 'from-nonce', toNonce: 'to-nonce', limit: 'limit' };
  const search = Object.entries(bounds)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${names[name as keyof typeof names]}=${value}`)
    .join('&');
  const page = await rig.page(`/${processId}?${search}`);
  const { ids, more } = model(bounds);
  expect(idsOf(page.edges), search).toEqual(ids);
  expect(page.page_info.has_next_page, search).toBe(more);
}

describe('a page', () => {
  const nonces = [undefined, -5, -1, 0, 1, 7, 30, 31, 99];

  test('by nonce is what the contract says', async () => {
    for (const fromNonce of nonces) {
      for (const toNonce of nonces) {
        for (const limit of [-1, 0, 1, 2, 30, 31, 1000]) await check({ fromNonce, toNonce, limit });
      }
    }
  });

  test('by timestamp is what the contract says', async () => {
    const times = [
      undefined,
      0,
      timestampOf(0) - 1,
      timestampOf(0),
      timestampOf(0) + 1,
      timestampOf(7),
      timestampOf(7) + 1,
      timestampOf(MESSAGES),
      timestampOf(MESSAGES) + 1,
    ];
    for (const from of times) {
      for (const to of times) {
        for (const limit of [0, 1, 3, 31, 1000]) await check({ from, to, limit });
      }
    }
  });

  test('ignores times if there is a nonce bound', async () => {
    const page = await rig.page(`/${processId}?from-nonce=3&from=${timestampOf(20)}&limit=1`);
    expect(idsOf(page.edges)).toEqual(idsOf(all.slice(4, 5)));
    expect(page.edges[0]?.cursor).toBe('4');
  });

  test('follows page, whatever the limit', async () => {
    for (const limit of [1, 2, 7, 30, 31]) {
      expect(idsOf(await readAll(rig, processId, limit))).toEqual(idsOf(all));
    }
  });

  test('has 100 slots by default, and takes the words that clients send for nothing', async () => {
    const page = await rig.page(`/${processId}?from=undefined&to=&limit=undefined&unknown=1`);
    expect(page.edges).toHaveLength(MESSAGES + 1);
  });

  test('has no end where its bounds are the largest integers that clients have', async () => {
    for (const large of [2n ** 53n - 1n, 2n ** 63n - 1n, 2n ** 64n - 1n]) {
      for (const search of [
        `limit=${large}`,
        `to=${large}`,
        `to-nonce=${large}`,
        `from-nonce=-1&to=${large}`,
      ]) {
        expect((await rig.page(`/${processId}?${search}`)).edges, search).toHaveLength(MESSAGES + 1);
      }
      expect((await rig.page(`/${processId}?from=-${large}`)).edges).toHaveLength(MESSAGES);
      expect((await rig.page(`/${processId}?from=${large}`)).edges).toEqual([]);
    }
  });

  test('with a bound that is no integer is refused', async () => {
    for (const search of ['from=abc', 'limit=1.5', 'from-nonce=1&from-nonce=2']) {
      expect((await rig.get(`/${processId}?${search}`)).status, search).toBe(400);
    }
  });

  test('ends early when it is full, and says so', async () => {
    const small = await startScheduler({ arweave, env: { MAX_PAGE_BYTES: '5000' } });
    try {
      const id = await spawn(small);
      for (let i = 0; i < 9; i++) await small.post(await messageItem(id, user, { data: 'x'.repeat(2000) }));
      const first = await small.page(`/${id}`);
      expect(first.edges.length).toBeGreaterThan(0);
      expect(first.edges.length).toBeLessThan(10);
      expect(first.page_info.has_next_page).toBe(true);
      const whole = await readAll(small, id);
      expect(whole).toHaveLength(10);
      expectSound(id, whole);
    } finally {
      await small[Symbol.asyncDispose]();
    }
  });
});

describe('a slot', () => {
  test('is found by item id and by assignment id', async () => {
    const { node } = all[5] ?? expect.unreachable();
    const expected = { message: node.message, assignment: node.assignment };
    expect(await rig.node(`/${node.message?.id}`)).toEqual(expected);
    expect(await rig.node(`/${node.assignment.id}?process-id=${processId}`)).toEqual(expected);
    expect(await rig.node(`/${node.assignment.id}?proc-id=${processId}`)).toEqual(expected);
  });

  test('has the fields that readers know, and so has its process', async () => {
    const { body: node } = await rig.get(`/${all[5]?.node.assignment.id}`);
    const signed = ['anchor', 'id', 'owner', 'signature', 'tags', 'target'];
    expect(Object.keys(node).sort()).toEqual(['assignment', 'message']);
    expect(Object.keys(node.assignment).sort()).toEqual(signed);
    expect(node.assignment.target).toBe('');
    expect(Object.keys(node.message).sort()).toEqual([...signed, 'data'].sort());
    const { body: process } = await rig.get(`/processes/${processId}`);
    const ofProcess = ['block', 'data', 'process_id', 'timestamp', ...signed.filter((name) => name !== 'id')];
    expect(Object.keys(process).sort()).toEqual(ofProcess.sort());
  });

  test('shows the anchor of its assignment on request', async () => {
    const { node } = all[5] ?? expect.unreachable();
    const shown = await rig.node(`/${node.assignment.id}?show-anchor=`);
    expect(Buffer.from(shown.assignment.anchor ?? '', 'base64url')).toHaveLength(32);
    expect(shown.message?.anchor).toBeNull();
  });

  test('that nobody knows is 400', async () => {
    const { status, body } = await rig.get(`/${user.address}`);
    expect(status).toBe(400);
    expect(body.error).toBe('Message or Process not found');
  });
});

describe('/latest', () => {
  test('is the newest slot', async () => {
    const latest = await rig.node(`/${processId}/latest?process-id=${processId}`);
    expect(latest).toEqual(all.at(-1)?.node);
  });

  test('of a fresh process is its own slot', async () => {
    const fresh = await spawn(rig);
    expect((await rig.node(`/${fresh}/latest`)).message?.id).toBe(fresh);
  });

  test('of an unknown process is 400 with the text clients compare', async () => {
    const { status, body } = await rig.get(`/${user.address}/latest`);
    expect(status).toBe(400);
    expect(body.error).toBe('Latest message not available');
  });
});

describe('/processes', () => {
  test('gives the definition, with block and time of nonce 0', async () => {
    const { status, body } = await rig.get(`/processes/${processId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      process_id: processId,
      block: '000001700000',
      timestamp: timestampOf(0),
      data: '1984',
      target: null,
      anchor: null,
    });
    expect(body.owner.key).toBeTypeOf('string');
    expect(body.tags).toEqual(all[0]?.node.message?.tags);
  });

  test('of an unknown process is 400', async () => {
    const { status, body } = await rig.get(`/processes/${user.address}`);
    expect(status).toBe(400);
    expect(body.error).toBe('NotFound("Process not found")');
  });
});

test('the unit says who it is and what time it is', async () => {
  const who = (await rig.get('/')).body;
  expect(who).toEqual({ address: rig.address, timestamp: expect.stringMatching(/^\d+$/) });
  const time = (await rig.get('/timestamp?process-id=x')).body;
  expect(time).toEqual({ block_height: '000001700000', timestamp: expect.stringMatching(/^\d+$/) });
  const health = await rig.get('/health');
  expect([health.status, health.body]).toEqual([200, '']);
  expect((await rig.get('/no/such/route')).status).toBe(404);
});

test('browsers may ask from anywhere', async () => {
  const preflight = await fetch(`${rig.url}/`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  });
  expect(preflight.ok).toBe(true);
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
});
