import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeNetwork } from './support/fake-network.ts';
import { idOf } from './support/ids.ts';
import { randomName, startUnit, type TestUnit, UNIT_ADDRESS } from './support/unit.ts';

let network: FakeNetwork;
let unit: TestUnit;
let processId: string;

beforeAll(async () => {
  network = await FakeNetwork.start();
  unit = await startUnit(network);
});

beforeEach(() => {
  processId = network.spawn(randomName());
});

afterAll(async () => {
  await unit[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const send = (data: string, name = randomName()) => network.schedule(processId, { name, data });
const result = (id: string) => unit.get(`/result/${id}?process-id=${processId}`);
const state = async (nonce?: number) => {
  const to = nonce === undefined ? '' : `?to=${1_700_000_000_000 + nonce * 1000}`;
  const response = await fetch(`${unit.url}/state/${processId}${to}`);
  return { headers: response.headers, memory: Buffer.from(await response.arrayBuffer()) };
};
const outputOf = async (id: string) => (await result(id)).json.Output;

test('tells its address and the time', async () => {
  const { status, json } = await unit.get('/');
  expect(status).toBe(200);
  expect(json.address).toBe(UNIT_ADDRESS);
  expect(Math.abs(json.timestamp - Date.now())).toBeLessThan(10_000);
});

describe('/result', () => {
  test('evaluates up to the message and answers its result, by every kind of id', async () => {
    const id = send('!m');
    const expected =
      '{"Messages":[{"Target":"t","Tags":[]}],"Assignments":[],"Spawns":[],"Output":"00000002","GasUsed":0}';
    const answer = await result(id);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.text).toBe(expected);
    expect((await result(idOf(`${processId}/1`))).text).toBe(expected);
    expect((await result('1')).text).toBe(expected);
    expect(await outputOf(processId)).toBe('00000001');
    expect(await outputOf('0')).toBe('00000001');
  });

  test('gives every message its own result, whatever the order it is asked for in', async () => {
    const ids = Array.from({ length: 50 }, () => send('!a'));
    const outputs = await Promise.all(ids.toReversed().map(outputOf));
    expect(outputs.toReversed()).toEqual(ids.map((_, index) => String(index + 2).padStart(8, '0')));
  });

  test('asks the scheduler once for what is new, and not at all for what is known', async () => {
    await outputOf(processId);
    const id = send('!a');
    network.requests.length = 0;
    await outputOf(id);
    expect(network.requests).toHaveLength(1);
    await outputOf(id);
    expect(network.requests).toHaveLength(1);
  });

  test.each([
    ['returns an Error', '!e', { Output: '00001001', Error: 'boom', GasUsed: 0 }],
    ['fails', '!x', { Output: '', Error: 'refused' }],
    ['traps', '!t', { Output: '', Error: 'unreachable' }],
    ['grows, then returns an Error', '!h', { Output: '00000001', Error: 'boom', GasUsed: 0 }],
  ])('a message that %s leaves no trace', async (_, data, expected) => {
    const { memory } = await state();
    const failed = send(data);
    const next = send('!a');
    expect((await result(failed)).json).toEqual({ Messages: [], Assignments: [], Spawns: [], ...expected });
    expect(memory.equals((await state(1)).memory)).toBe(true);
    expect(await outputOf(next)).toBe('00000002');
  });

  test('a message of another process is refused', async () => {
    const other = network.spawn(randomName());
    const id = network.schedule(other, { name: randomName() });
    network.processes.get(processId)?.nodes.push(...(network.processes.get(other)?.nodes.slice(1) ?? []));
    const { status, json } = await result(id);
    expect(status).toBe(400);
    expect(json.error).toContain(other);
  });

  test('what does not exist is not found', async () => {
    expect((await unit.get(`/result/${idOf('x')}?process-id=${idOf('nowhere')}`)).status).toBe(404);
    expect((await result(idOf('x'))).status).toBe(404);
    expect((await result('7')).status).toBe(404);
    expect((await unit.get(`/result/${idOf('x')}?process-id=nonsense`)).status).toBe(400);
    expect((await unit.get(`/result/${processId}`)).json.error).toContain("'process-id'");
  });

  test('a broken hash chain fails what comes after it, and only that', async () => {
    const before = send('!a');
    const after = send('!a');
    const tags = network.processes.get(processId)?.nodes[2]?.assignment.tags;
    const tag = tags?.find(({ name }) => name === 'Hash-Chain');
    if (tag) tag.value = idOf('forged');
    const { status, json } = await result(after);
    expect(status).toBe(422);
    expect(json.error).toBe(`HashChain invalid on message ${after}`);
    expect(await outputOf(before)).toBe('00000002');
  });
});
