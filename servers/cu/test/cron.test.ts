import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FakeNetwork } from './support/fake-network.ts';
import { randomName, startUnit, type TestUnit } from './support/unit.ts';

const START = 1_700_000_000_000;
const HEIGHT = 1_650_000;

let network: FakeNetwork;
let unit: TestUnit;

beforeAll(async () => {
  network = await FakeNetwork.start();
  unit = await startUnit(network);
});

beforeEach(() => setTime(0));

afterAll(async () => {
  await unit[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

/** The scheduler is this many seconds past the spawn; crons keep two seconds behind it. */
function setTime(seconds: number): void {
  network.now = { timestamp: START + seconds * 1000, blockHeight: HEIGHT + Math.floor(seconds / 10) };
}

const spawn = (...intervals: string[]) =>
  network.spawn(
    randomName(),
    intervals.flatMap((value) => [
      { name: 'Cron-Interval', value },
      { name: 'Cron-Tag-Action', value: '!m' },
    ]),
  );
const cron = async (processId: string, search = '') => (await unit.get(`/cron/${processId}?${search}`)).json;
const schedule = (processId: string, seconds: number) =>
  network.schedule(processId, { name: randomName(), timestamp: START + seconds * 1000 });
// biome-ignore lint/suspicious/noExplicitAny: answers of any shape
const read = ({ edges }: any) =>
  edges.map(({ node, cursor }: { node: { Output: string }; cursor: string }) => {
    const { timestamp, ordinate, cron } = JSON.parse(atob(cursor));
    return `${(timestamp - START) / 1000}:${ordinate}:${cron}=${Number(node.Output)}`;
  });

test('fires up to now, pages with cursors, and fires nothing twice', async () => {
  const processId = spawn('10-seconds');
  setTime(32);
  const first = await cron(processId, 'limit=2');
  expect(read(first)).toEqual(['10:0:0-10-seconds=2', '20:0:0-10-seconds=3']);
  expect(first.pageInfo.hasNextPage).toBe(true);
  expect(first.edges[0].node.Messages).toHaveLength(1);
  const rest = await cron(processId, `from=${first.edges[1].cursor}`);
  expect(read(rest)).toEqual(['30:0:0-10-seconds=4']);
  expect(await cron(processId)).toEqual(await cron(processId));
  setTime(43);
  expect(read(await cron(processId, `from=${rest.edges[0].cursor}`))).toEqual(['40:0:0-10-seconds=5']);
});

test('comes between messages where it belongs, whether it was asked for or not', async () => {
  const [asked, alone] = [spawn('10-seconds', '2-blocks'), spawn('10-seconds', '2-blocks')];
  for (const seconds of [14, 17, 33]) {
    setTime(seconds);
    await cron(asked);
  }
  for (const processId of [asked, alone]) for (const seconds of [35, 41, 68]) schedule(processId, seconds);
  setTime(80);
  const results = async (processId: string) => {
    await unit.get(`/result/3?process-id=${processId}`);
    await cron(processId);
    return read((await unit.get(`/results/${processId}?limit=100`)).json);
  };
  const expected = await results(alone);
  expect(await results(asked)).toEqual(expected);
  expect(expected).toContain('20:0:0-2-blocks=3');
  const counts = expected
    .map((text: string) => Number(text.split('=')[1]))
    .sort((a: number, b: number) => a - b);
  expect(counts).toEqual(counts.map((_: number, index: number) => index + 1));
});

test('before the first message of an old process it is listed with that message', async () => {
  const processId = spawn('10-seconds');
  const process = network.processes.get(processId);
  if (process) process.nodes = [];
  network.data.set(processId, Buffer.from('!a'));
  schedule(processId, 15);
  setTime(22);
  expect(read(await cron(processId))).toEqual(['10:0:0-10-seconds=2', '20:0:0-10-seconds=4']);
  expect(await cron(processId, 'to=10000000000000')).toEqual(await cron(processId));
});

test('survives a restart in the middle', async () => {
  const processId = spawn('5-seconds');
  setTime(23);
  await using first = await startUnit(network);
  await using second = await startUnit(network);
  const all = (await first.get(`/cron/${processId}`)).text;
  setTime(12);
  await second.get(`/cron/${processId}`);
  setTime(23);
  expect((await second.get(`/cron/${processId}`)).text).toBe(all);
});

test('a cron that can not be understood is reported there, and only there', async () => {
  const processId = spawn('10-parsecs');
  expect((await unit.get(`/result/0?process-id=${processId}`)).status).toBe(200);
  const { status, json } = await unit.get(`/cron/${processId}`);
  expect(status).toBe(422);
  expect(json.error).toContain('10-parsecs');
});

test('`to` ends the evaluation there; /state sees what has fired', async () => {
  const processId = spawn('10-seconds');
  setTime(60);
  expect(read(await cron(processId, `to=${START + 25_000}`))).toHaveLength(2);
  const state = async () => Buffer.from(await (await fetch(`${unit.url}/state/${processId}`)).arrayBuffer());
  expect((await state()).readUInt32LE(1024)).toBe(6);
});
