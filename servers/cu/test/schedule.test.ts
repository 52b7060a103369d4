import type { ServerResponse } from 'node:http';
import type { Tag } from '@ao-ts/core/ans104';
import { GatewayClient, HttpClient, ProcessDirectory } from '@ao-ts/server-kit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeNetwork, MODULE_TAGS } from './support/fake-network.ts';
import { idOf } from './support/ids.ts';
import { randomName, startUnit, type TestUnit } from './support/unit.ts';

let network: FakeNetwork;
let unit: TestUnit;
let processId: string;

beforeAll(async () => {
  network = await FakeNetwork.start();
  unit = await startUnit(network, { env: { LOAD_MESSAGES_PAGE_SIZE: '3' } });
});

beforeEach(() => {
  processId = network.spawn(randomName());
  network.intercept = () => false;
});

afterAll(async () => {
  await unit[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const result = (id: string) => unit.get(`/result/${id}?process-id=${processId}`);
const outputOf = async (id: string) => (await result(id)).json.Output;
const add = () => network.schedule(processId, { name: randomName() });
const EMPTY = { Messages: [], Assignments: [], Spawns: [], Output: '' };

test('reads a long schedule page by page', async () => {
  const ids = Array.from({ length: 10 }, add);
  expect(await outputOf(ids.at(-1) ?? '')).toBe('00000011');
  expect(network.asked(`/${processId}?`)).toBe(4);
});

test('a process whose scheduler has moved is read at its new place', async () => {
  const scheduler = idOf('scheduler that moves');
  const http = new HttpClient();
  const gateway = new GatewayClient(http, network.url);
  const directory = new ProcessDirectory({ http, gateway, schedulerUrl: network.url, minLocationAgeMs: 0 });
  const isAt = ({ url }: FakeNetwork) =>
    network.addTransaction({
      id: idOf(url),
      owner: { address: scheduler, key: '' },
      tags: [
        { name: 'Data-Protocol', value: 'ao' },
        { name: 'Type', value: 'Scheduler-Location' },
        { name: 'Url', value: url },
        { name: 'Time-To-Live', value: '3600000' },
      ],
    });
  const name = randomName();
  const tags = [{ name: 'Scheduler', value: scheduler }];
  await using mover = await startUnit(network, { overrides: { http, gateway, directory } });
  await using after = await FakeNetwork.start();
  const moved = after.spawn(name, tags);
  {
    await using before = await FakeNetwork.start();
    before.spawn(name, tags);
    const { tags: own = [] } = before.processes.get(moved) ?? {};
    network.addTransaction({ id: moved, tags: own });
    isAt(before);
    expect((await mover.get(`/result/0?process-id=${moved}`)).json.Output).toBe('00000001');
  }
  isAt(after);
  const next = after.schedule(moved, { name: randomName() });
  expect((await mover.get(`/result/${next}?process-id=${moved}`)).json.Output).toBe('00000002');
  await http.close();
});

describe('duplicates', () => {
  const pushed = (name: string, data = '!a') => ({
    name,
    data,
    tags: [
      { name: 'From-Process', value: idOf('sender') },
      { name: 'Reference', value: '1' },
    ],
  });

  test('a message pushed twice is evaluated once; the second one has an empty result for ever', async () => {
    network.schedule(processId, pushed(randomName()));
    const again = network.schedule(processId, pushed(randomName()));
    const next = add();
    expect(await outputOf(next)).toBe('00000003');
    expect((await result(again)).json).toEqual(EMPTY);
    expect((await unit.get(`/results/${processId}`)).json.edges).toHaveLength(3);
  });

  test('a duplicate at the end does not block what comes later', async () => {
    network.schedule(processId, pushed(randomName()));
    expect((await result(network.schedule(processId, pushed(randomName())))).json).toEqual(EMPTY);
    expect(await outputOf(add())).toBe('00000003');
  });

  test('other data is another message', async () => {
    network.schedule(processId, pushed(randomName(), '!a'));
    expect(await outputOf(network.schedule(processId, pushed(randomName(), '!a !')))).toBe('00000003');
  });

  test('something that was pushed is not evaluated again when it is assigned', async () => {
    const id = network.schedule(processId, pushed(randomName()));
    network.addTransaction({ id, data: Buffer.from('!a') });
    const again = network.assign(processId, id);
    expect(await outputOf(add())).toBe('00000003');
    expect((await result(again)).json).toEqual(EMPTY);
  });

  test('something assigned twice is evaluated once', async () => {
    const id = idOf(randomName());
    network.addTransaction({ id, data: Buffer.from('!a') });
    network.assign(processId, id);
    const again = network.assign(processId, id);
    expect(await outputOf(add())).toBe('00000003');
    expect((await result(again)).json).toEqual(EMPTY);
  });
});

describe('assignments', () => {
  test.each([[[]], [['Data']], [['Data', 'Tags', 'Anchor', 'Signature']]])(
    'excluding %j',
    async (exclude) => {
      const id = idOf(randomName());
      network.addTransaction({ id, data: Buffer.from('!e') });
      const failed = network.assign(processId, id, exclude);
      expect((await result(failed)).json.Error).toBe(exclude.includes('Data') ? undefined : 'boom');
    },
  );

  test('one exclude alone is a list, too', async () => {
    const id = idOf(randomName());
    network.addTransaction({ id, data: Buffer.from('!e') });
    const assignment = network.assign(processId, id, ['Data']);
    const tags = network.processes.get(processId)?.nodes[1]?.assignment.tags ?? [];
    const excludes = tags.filter(({ name }) => name === 'Exclude');
    expect(excludes).toHaveLength(2);
    tags.splice(tags.indexOf(excludes[1] as Tag), 1);
    expect(await outputOf(assignment)).toBe('00000002');
  });

  test('of one thing to several processes have a result in each', async () => {
    const id = idOf(randomName());
    network.addTransaction({ id, data: Buffer.from('!a') });
    add();
    const [first, second] = [processId, network.spawn(randomName())];
    for (const pid of [first, second]) network.assign(pid, id);
    const outputs = [first, second, first].map((pid) => unit.get(`/result/${id}?process-id=${pid}`));
    expect((await Promise.all(outputs)).map(({ json }) => json.Output)).toEqual([
      '00000003',
      '00000002',
      '00000003',
    ]);
  });

  test('fail the request, not the process, until the gateway has them', async () => {
    const id = idOf(randomName());
    const assignment = network.assign(processId, id);
    const { status, json } = await result(assignment);
    expect(status).toBe(404);
    expect(json.error).toContain(id);
    network.addTransaction({ id, data: Buffer.from('!a') });
    expect(await outputOf(assignment)).toBe('00000002');
  });
});

describe('what can not be run', () => {
  const spawnOn = (changes: Record<string, string | undefined>, processTags: Record<string, string> = {}) => {
    const moduleId = idOf(randomName());
    const tags = MODULE_TAGS.filter(({ name }) => !(name in changes));
    for (const [name, value] of Object.entries(changes)) if (value !== undefined) tags.push({ name, value });
    network.addTransaction({ id: moduleId, tags, data: Buffer.from('not wasm') });
    const name = randomName();
    const spawned = network.spawn(
      name,
      Object.entries(processTags).map(([name, value]) => ({ name, value })),
    );
    const module = network.processes.get(spawned)?.tags.find((tag) => tag.name === 'Module');
    if (module) module.value = moduleId;
    return { spawned, moduleId };
  };

  test.each([
    [
      'Input-Encoding',
      { 'Input-Encoding': undefined },
      422,
      'Input-Encoding for module "$" is not supported',
    ],
    [
      'Output-Encoding',
      { 'Output-Encoding': undefined },
      422,
      'Output-Encoding for module "$" is not supported',
    ],
    ['Module-Format', { 'Module-Format': 'x86' }, 422, 'Module-Format for module "$" is not supported'],
    ['Extension', { Extension: 'Teleport' }, 422, 'Module Extensions for module "$" are not supported'],
    [
      'no Memory-Limit',
      { 'Memory-Limit': undefined },
      413,
      'Memory-Limit for process "#" exceeds supported limit',
    ],
    [
      'large Memory-Limit',
      { 'Memory-Limit': '2-gb' },
      413,
      'Memory-Limit for process "#" exceeds supported limit',
    ],
    [
      'odd Compute-Limit',
      { 'Compute-Limit': 'much' },
      413,
      'Compute-Limit for process "#" exceeds supported limit',
    ],
    ['not WebAssembly', {}, 422, 'The module is not a WebAssembly 1.0 binary.'],
  ])('%s', async (_, changes, status, error) => {
    const { spawned, moduleId } = spawnOn(changes);
    const answer = await unit.get(`/result/${spawned}?process-id=${spawned}`);
    expect(answer.json.error).toBe(error.replace('$', moduleId).replace('#', spawned));
    expect(answer.status).toBe(status);
  });

  test('limits of the process win over those of its module', async () => {
    const { spawned } = spawnOn({}, { 'Memory-Limit': '9-gb' });
    expect((await unit.get(`/result/0?process-id=${spawned}`)).status).toBe(413);
  });
});

test('messages of the same millisecond have results of their own', async () => {
  const timestamp = 1_700_000_000_500;
  const ids = Array.from({ length: 3 }, () => network.schedule(processId, { name: randomName(), timestamp }));
  expect(await outputOf(ids[0] ?? '')).toBe('00000002');
  expect(await outputOf(ids[2] ?? '')).toBe('00000004');
  expect(await outputOf(ids[1] ?? '')).toBe('00000003');
  const { edges } = (await unit.get(`/results/${processId}`)).json;
  const rest = await unit.get(`/results/${processId}?from=${edges[1].cursor}`);
  expect(rest.json.edges.map(({ node }: { node: { Output: string } }) => node.Output)).toEqual([
    '00000003',
    '00000004',
  ]);
});

test('an anchor of any length is digested as it is', async () => {
  const tags = [{ name: 'From-Process', value: idOf('sender') }];
  network.schedule(processId, { name: randomName(), tags, anchor: 'short' });
  network.schedule(processId, { name: randomName(), tags, anchor: 'other' });
  const again = network.schedule(processId, { name: randomName(), tags, anchor: 'short' });
  expect(await outputOf(add())).toBe('00000004');
  expect((await result(again)).json).toEqual(EMPTY);
});

describe('a scheduler that misbehaves', () => {
  test('leaving a message out is noticed', async () => {
    const ids = [add(), add(), add(), add()];
    network.processes.get(processId)?.nodes.splice(2, 1);
    const { status, json } = await result(ids[3] ?? '');
    expect(status).toBe(503);
    expect(json.error).toContain('left out messages');
  });

  test('announcing more on an empty page is noticed', async () => {
    const ids = [add(), add()];
    network.intercept = (path, response) => {
      if (!path.startsWith(`/${processId}?`)) return false;
      response.end(JSON.stringify({ page_info: { has_next_page: true }, edges: [] }));
      return true;
    };
    expect((await result(ids[1] ?? '')).status).toBe(503);
  });

  test('a refusal is final at once', async () => {
    const id = add();
    network.intercept = (_, response) => {
      response.writeHead(403).end('{"error":"go away"}');
      return true;
    };
    network.requests.length = 0;
    const { status, json } = await result(id);
    expect(status).toBe(502);
    expect(json.error).toContain('go away');
    expect(network.requests).toHaveLength(1);
  });

  test.each<[string, (response: ServerResponse) => void, number]>([
    ['is down', (response) => response.destroy(), 502],
    ['does not answer', () => {}, 504],
  ])('one that %s fails the request for now, and nothing is stored', async (_, answer, status) => {
    const http = new HttpClient({ timeoutMs: 100 });
    await using impatient = await startUnit(network, { overrides: { http } });
    const id = add();
    network.intercept = (_, response) => {
      answer(response);
      return true;
    };
    expect((await impatient.get(`/result/${id}?process-id=${processId}`)).status).toBe(status);
    expect((await impatient.get(`/results/${processId}`)).json.edges).toEqual([]);
    network.intercept = () => false;
    expect((await impatient.get(`/result/${id}?process-id=${processId}`)).json.Output).toBe('00000002');
  });

  test('a short outage is not noticed', async () => {
    const id = add();
    let failures = 2;
    network.intercept = (_, response) => {
      if (failures-- <= 0) return false;
      response.writeHead(502).end();
      return true;
    };
    expect(await outputOf(id)).toBe('00000002');
  });
});

test('a process from before schedules began with it starts with its spawn, whose result is not stored', async () => {
  const name = randomName();
  processId = network.spawn(name);
  const process = network.processes.get(processId);
  if (process) process.nodes = [];
  network.data.set(processId, Buffer.from('!a'));
  const first = network.schedule(processId, { name: randomName() });
  const second = add();
  expect(await outputOf(second)).toBe('00000003');
  expect(await outputOf(first)).toBe('00000002');
  expect((await unit.get(`/results/${processId}`)).json.edges).toHaveLength(2);
  expect((await result(processId)).status).toBe(404);
});
