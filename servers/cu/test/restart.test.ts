import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeNetwork } from './support/fake-network.ts';
import { randomName, startUnit, temporaryDirectory } from './support/unit.ts';

let network: FakeNetwork;
let directory: string;

beforeAll(async () => {
  network = await FakeNetwork.start();
  directory = await temporaryDirectory();
});

afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

test('a restart finds every result, rebuilds the memory, and stores nothing twice', async () => {
  const processId = network.spawn(randomName());
  const ids = ['!a', '!e', '!g', '!t', '!m'].map((data) =>
    network.schedule(processId, { name: randomName(), data }),
  );
  const read = async (path: string) => {
    await using unit = await startUnit(network, { directory });
    return await unit.get(path);
  };
  const last = `/result/${ids.at(-1)}?process-id=${processId}`;
  const before = (await read(last)).text;
  const results = (await read(`/results/${processId}`)).text;

  network.requests.length = 0;
  expect((await read(last)).text).toBe(before);
  expect(network.requests).toEqual([]);

  const next = network.schedule(processId, { name: randomName() });
  expect((await read(`/result/${next}?process-id=${processId}`)).json.Output).toBe('00000005');
  expect((await read(`/results/${processId}?limit=4`)).json.edges).toEqual(JSON.parse(results).edges);
});

test('an evaluation that never ends fails its request, stores nothing, and holds up nobody else', async () => {
  await using unit = await startUnit(network, { env: { EVALUATION_TIMEOUT: '500' } });
  const [stuck, other] = [network.spawn(randomName()), network.spawn(randomName())];
  const endless = network.schedule(stuck, { name: randomName(), data: '!l' });
  const ordinary = network.schedule(other, { name: randomName() });
  const answers = await Promise.all([
    unit.get(`/result/${endless}?process-id=${stuck}`),
    unit.get(`/result/${ordinary}?process-id=${other}`),
    unit.get(`/result/0?process-id=${stuck}`),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([503, 200, 200]);
  expect(answers[0]?.json.error).toContain('no progress');
  expect(answers[0]?.headers.get('retry-after')).toBeTruthy();
  expect((await unit.get(`/results/${stuck}`)).json.edges).toHaveLength(1);
  const { json } = await unit.dryRun(stuck, { Owner: 'o', Tags: [], Data: '!l' }, '');
  expect(json.error).toContain('no progress');
});

test('what came before an evaluation that never ends is stored all the same', async () => {
  await using unit = await startUnit(network, { env: { EVALUATION_TIMEOUT: '500' } });
  const stuck = network.spawn(randomName());
  const before = Array.from({ length: 5 }, () => network.schedule(stuck, { name: randomName() }));
  const endless = network.schedule(stuck, { name: randomName(), data: '!l' });
  const answer = await unit.get(`/result/${endless}?process-id=${stuck}`);
  expect([answer.status, answer.json.error]).toEqual([503, expect.stringContaining('no progress')]);
  expect((await unit.get(`/result/${before.at(-1)}?process-id=${stuck}`)).status).toBe(200);
  expect((await unit.get(`/results/${stuck}`)).json.edges).toHaveLength(6);
});

test('a restart goes on from the snapshot on the disk', async () => {
  const processId = network.spawn(randomName());
  for (const data of ['!a', '!e', '!g', '!a']) network.schedule(processId, { name: randomName(), data });
  const next = async (data: string) => {
    const id = network.schedule(processId, { name: randomName(), data });
    await using unit = await startUnit(network, { directory });
    const { json } = await unit.get(`/result/${id}?process-id=${processId}`);
    const response = await fetch(`${unit.url}/state/${processId}`);
    return { output: json.Output, memory: (await response.arrayBuffer()).byteLength };
  };
  const before = await next('!a');
  network.requests.length = 0;
  const after = await next('!a');
  expect([before.output, after.output]).toEqual(['00000005', '00000006']);
  expect(after.memory).toBe(before.memory);
  expect(network.requests.filter((path) => path.includes('from-nonce'))).toEqual([]);
});
