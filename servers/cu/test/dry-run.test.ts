import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FakeNetwork } from './support/fake-network.ts';
import { randomName, startUnit, type TestUnit } from './support/unit.ts';

let network: FakeNetwork;
let unit: TestUnit;
let processId: string;

beforeAll(async () => {
  network = await FakeNetwork.start();
  unit = await startUnit(network, { env: { DRY_RUN_DEFAULT_MAX_PROCESS_AGE: '0' } });
});

beforeEach(() => {
  processId = network.spawn(randomName());
});

afterAll(async () => {
  await unit[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const add = (data = '!a') => network.schedule(processId, { name: randomName(), data });
const message = (Data: string, more = {}) => ({
  Owner: 'someone',
  Target: processId,
  Tags: [],
  Data,
  ...more,
});
const tryOut = async (data: string, search = '') =>
  (await unit.dryRun(processId, message(data), search)).json;

test('sees the newest state and leaves no trace', async () => {
  expect(await tryOut('!r')).toMatchObject({ Output: '00000001', Messages: [], GasUsed: 0 });
  for (const data of ['!a', '!e', '!t', '!g', '!h', '!x']) await tryOut(data);
  expect(await tryOut('!a ')).toMatchObject({ Output: '00000002' });
  const id = add();
  expect(await tryOut('!r')).toMatchObject({ Output: '00000002' });
  expect((await unit.get(`/result/${id}?process-id=${processId}`)).json.Output).toBe('00000002');
  expect((await unit.get(`/results/${processId}`)).json.edges).toHaveLength(2);
});

test('follows the process through failures and growth', async () => {
  for (const data of ['!a', '!e', '!g', '!h', '!t', '!d', '!a']) {
    add(data);
    const { Output } = await tryOut('!r');
    const { edges } = (await unit.get(`/results/${processId}?sort=DESC&limit=1`)).json;
    expect(Output).toBe(edges[0].node.Output);
  }
});

test('a failure is an answer', async () => {
  expect(await tryOut('!e')).toMatchObject({ Error: 'boom' });
  expect(await tryOut('!x')).toMatchObject({ Error: 'refused' });
});

test('the same question on another process or another state is another question', async () => {
  expect(await tryOut('!r')).toMatchObject({ Output: '00000001' });
  add();
  expect(await tryOut('!r')).toMatchObject({ Output: '00000002' });
  const first = processId;
  processId = network.spawn(randomName());
  const body = message('!r', { Target: first });
  expect((await unit.dryRun(processId, body)).json.Output).toBe('00000001');
});

test('`to` names the message to stand at; what is earlier than the memory is refused', async () => {
  const [, second] = [add(), add(), add()];
  expect(await tryOut('!r', `&to=${second}`)).toMatchObject({ Output: '00000003' });
  expect(await tryOut('!r')).toMatchObject({ Output: '00000004' });
  expect((await unit.dryRun(processId, message('!r'), `&to=${second}`)).status).toBe(425);
});

test('many at once are all answered', async () => {
  const outputs = await Promise.all(Array.from({ length: 200 }, (_, index) => tryOut(`!a${index}`)));
  expect(new Set(outputs.map(({ Output }) => Output))).toEqual(new Set(['00000002']));
});

test('the state may be as old as the request says', async () => {
  await tryOut('!r');
  add();
  const ask = async (maxAge: string) => {
    const response = await fetch(`${unit.url}/dry-run?process-id=${processId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-max-age': maxAge },
      body: JSON.stringify(message('!r')),
    });
    return ((await response.json()) as { Output: string }).Output;
  };
  expect(await ask('600000')).toBe('00000001');
  expect(await ask('0')).toBe('00000002');
});

test('what is unknown is ignored, what has no value may be null', async () => {
  const nothing = Object.fromEntries(
    ['Id', 'Signature', 'Anchor', 'Epoch', 'Nonce', 'Hash-Chain', 'Forwarded-By'].map((name) => [name, null]),
  );
  const body = message('!r', { ...nothing, From: 'someone else', 'Read-Only': false, More: {} });
  expect((await unit.dryRun(processId, body)).json.Output).toBe('00000001');
});

test('bad input is refused with the name of the field', async () => {
  const { status, json } = await unit.dryRun(processId, { Target: processId });
  expect(status).toBe(400);
  expect(json.error).toMatch(/'Owner'.*'Tags'/);
  const response = await fetch(`${unit.url}/dry-run?process-id=${processId}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{',
  });
  expect(response.status).toBe(400);
});
