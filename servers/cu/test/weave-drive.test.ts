import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { driveModule } from './support/drive-module.ts';
import { FakeNetwork, MODULE_TAGS } from './support/fake-network.ts';
import { idOf } from './support/ids.ts';
import { randomName, startUnit, type TestUnit } from './support/unit.ts';

const FILE = idOf('file');
const EXTENSION = { name: 'Extension', value: 'WeaveDrive' };
const SCHEDULER = { name: 'Scheduler', value: idOf('scheduler') };

let network: FakeNetwork;
let unit: TestUnit;

beforeAll(async () => {
  network = await FakeNetwork.start();
  network.addTransaction({ id: FILE, data: Buffer.from('contents of a file') });
  unit = await startUnit(network);
});

afterAll(async () => {
  await unit[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

/** Spawns a process whose program opens `path`, and gives what it answers to its spawn. */
async function readOf(path: string, tags: { name: string; value: string }[], extension = true) {
  const moduleId = idOf(randomName());
  network.addTransaction({
    id: moduleId,
    tags: extension ? [...MODULE_TAGS, EXTENSION] : MODULE_TAGS,
    data: await driveModule(path),
  });
  const processId = network.spawn(randomName(), tags);
  const module = network.processes.get(processId)?.tags.find(({ name }) => name === 'Module');
  if (module) module.value = moduleId;
  return { processId, ...(await unit.get(`/result/0?process-id=${processId}`)) };
}

function attest(id: string, height: number): void {
  network.addTransaction({
    id: idOf(randomName()),
    owner: { address: SCHEDULER.value, key: null },
    tags: [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Attestation' },
      { name: 'Message', value: id },
    ],
    block: { height, timestamp: 1 },
  });
}

describe('WeaveDrive', () => {
  test('serves what the process names to boot from', async () => {
    const { json } = await readOf(`/data/${FILE}`, [{ name: 'On-Boot', value: FILE }]);
    expect(json.Output).toBe('contents of a file');
  });

  test('a path that does not exist is no file', async () => {
    expect((await readOf('/etc/passwd', [])).json.Output).toBe('no file');
    expect((await readOf(`/data/../${FILE}`, [])).json.Output).toBe('no file');
  });

  test('without the extension there are no files', async () => {
    const { json } = await readOf(`/data/${FILE}`, [{ name: 'On-Boot', value: FILE }], false);
    expect(json.Output).toBe('no file');
  });

  test('what the gateway does not have is waited for, too', async () => {
    const { status, json } = await readOf('/block/7', []);
    expect(status).toBe(503);
    expect(json.error).toMatch(/ for \/block\/height\/7\. The message waits until it can be read\.$/);
  });

  test('what is not attested halts the message, stores nothing, and goes on once it is', async () => {
    const id = idOf(randomName());
    network.addTransaction({ id, data: Buffer.from('attested data') });
    const { processId, status, json } = await readOf(`/data/${id}`, [SCHEDULER]);
    expect(status).toBe(503);
    expect(json.error).toContain('not attested');
    attest(id, 1_650_001);
    const get = () => unit.get(`/result/0?process-id=${processId}`);
    expect((await get()).status).toBe(503);
    expect((await unit.get(`/results/${processId}`)).json.edges).toEqual([]);
    attest(id, 1_650_000);
    expect((await get()).json.Output).toBe('attested data');
    const next = network.schedule(processId, { name: randomName() });
    expect((await unit.get(`/result/${next}?process-id=${processId}`)).json.Output).toBe('attested data');
    const dryRun = await unit.dryRun(processId, { Owner: 'o', Tags: [] });
    expect(dryRun.json.Output).toBe('attested data');
  });
});
