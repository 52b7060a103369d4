import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeNetwork } from './support/fake-network.ts';
import { idOf } from './support/ids.ts';
import { randomName, startUnit, type TestUnit, UNIT_ADDRESS } from './support/unit.ts';

const START = 1_700_000_000_000;
const CREATE = {
  DISABLE_PROCESS_CHECKPOINT_CREATION: 'false',
  EAGER_CHECKPOINT_EVAL_TIME_THRESHOLD: '0',
  PROCESS_CHECKPOINT_CREATION_THROTTLE: '0',
  SNAPSHOT_INTERVAL: '0',
};

let network: FakeNetwork;
let processId: string;

beforeAll(async () => {
  network = await FakeNetwork.start();
  processId = network.spawn(randomName());
  for (const data of ['!a', '!e', '!g']) network.schedule(processId, { name: randomName(), data });
});

afterAll(() => network[Symbol.asyncDispose]());

const checkpoints = () =>
  [...network.transactions.values()]
    .filter(({ tags }) => tags.some(({ value }) => value === 'Checkpoint'))
    .sort((a, b) => Number(tagsOf(b.id).Nonce) - Number(tagsOf(a.id).Nonce));
const tagsOf = (id: string) =>
  Object.fromEntries(network.transactions.get(id)?.tags.map((tag) => [tag.name, tag.value]) ?? []);
const result = (unit: TestUnit, id: string) => unit.get(`/result/${id}?process-id=${processId}`);
const stateOf = async (unit: TestUnit) =>
  Buffer.from(await (await fetch(`${unit.url}/state/${processId}`)).arrayBuffer());

test('a busy process is put on Arweave with the tags other units know', async () => {
  let memory: Buffer;
  {
    await using unit = await startUnit(network, { env: CREATE });
    await result(unit, '3');
    memory = await stateOf(unit);
  }
  const [item] = checkpoints();
  expect(item?.tags.map(({ name }) => name)).toEqual([
    ...['Data-Protocol', 'Variant', 'Type', 'Module', 'Process', 'Nonce', 'Timestamp', 'Block-Height'],
    ...[
      'Content-Type',
      'SHA-256',
      'Content-Encoding',
      'Unit-Identifier',
      'Ordinate',
      'Assignment',
      'Hash-Chain',
    ],
  ]);
  const { Nonce, Timestamp, Process, Assignment } = tagsOf(item?.id ?? '');
  expect([Nonce, Timestamp, Process, Assignment]).toEqual([
    '3',
    String(START + 3000),
    processId,
    idOf(`${processId}/3`),
  ]);
  expect(gunzipSync(network.data.get(item?.id ?? '') ?? '').equals(memory)).toBe(true);
});

test('another unit with the same wallet goes on from it', async () => {
  await using unit = await startUnit(network);
  const id = network.schedule(processId, { name: randomName() });
  network.requests.length = 0;
  expect((await result(unit, id)).json.Output).toBe('00000004');
  expect(network.asked(`/${processId}?`)).toBe(0);
  const before = await result(unit, '3');
  expect(before.status).toBe(425);
  expect(before.json.error).toBe(
    'message at nonce 3 not found cached, and earlier than latest known nonce 4',
  );
});

test.each([
  ['of a stranger', { PROCESS_CHECKPOINT_TRUSTED_OWNERS: idOf('stranger') }],
  ['that is to be ignored', { PROCESS_IGNORE_ARWEAVE_CHECKPOINTS: '$' }],
])('one %s is not used', async (_, env) => {
  const filled = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.replace('$', processId)]),
  );
  await using unit = await startUnit(network, { env: filled });
  expect((await result(unit, '4')).json.Output).toBe('00000004');
  expect((await result(unit, '1')).status).toBe(200);
});

test('one whose memory is not what it says is passed over for an older one', async () => {
  const [good] = checkpoints();
  const tags = good?.tags.map((tag) => (tag.name === 'Nonce' ? { name: 'Nonce', value: '4' } : tag)) ?? [];
  const owner = { address: UNIT_ADDRESS, key: null };
  network.addTransaction({ id: idOf('bad'), owner, tags, data: Buffer.from('not gzip') });
  const forged = gunzipSync(network.data.get(good?.id ?? '') ?? '');
  forged[1024] = 99;
  const plain = tags.filter(({ name }) => name !== 'Content-Encoding');
  network.addTransaction({ id: idOf('forged'), owner, tags: plain, data: forged });
  await using unit = await startUnit(network);
  expect((await result(unit, '4')).json.Output).toBe('00000004');
  expect((await result(unit, '3')).status).toBe(425);
});

test('one of a process with crons is made right after a message, and its crons go on from it', async () => {
  const spawned = network.spawn(randomName(), [
    { name: 'Cron-Interval', value: '10-seconds' },
    { name: 'Cron-Interval', value: '2-blocks' },
  ]);
  const at = (seconds: number) => ({
    timestamp: START + seconds * 1000,
    blockHeight: 1_650_000 + Math.floor(seconds / 10),
  });
  const crons = async (unit: TestUnit) => (await unit.get(`/cron/${spawned}?limit=1000`)).json.edges;
  network.schedule(spawned, { name: randomName(), ...at(25.5) });
  const id = network.schedule(spawned, { name: randomName(), ...at(41.25) });
  network.now = at(45);
  {
    await using unit = await startUnit(network, { env: CREATE });
    await unit.get(`/result/${id}?process-id=${spawned}`);
  }
  expect(checkpoints().filter((item) => tagsOf(item.id).Process === spawned)).toHaveLength(1);
  network.now = at(95);
  await using resumed = await startUnit(network);
  await using complete = await startUnit(network, { env: { PROCESS_IGNORE_ARWEAVE_CHECKPOINTS: spawned } });
  const all = await crons(complete);
  const later = await crons(resumed);
  expect(later.length).toBeGreaterThan(5);
  expect(later).toEqual(all.slice(-later.length));
  const cursors = all.map(({ cursor }: { cursor: string }) => JSON.parse(atob(cursor)));
  expect(cursors.findIndex(({ ordinate }: { ordinate: string }) => ordinate === '2')).toBe(
    all.length - later.length,
  );
});
