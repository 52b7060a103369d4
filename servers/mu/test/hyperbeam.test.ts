import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeHyperbeam, reversed } from './fake-hyperbeam.ts';
import { type FakeResult, id, send } from './fake-network.ts';
import { mu, network, restart, useUnit } from './unit.ts';

useUnit();

const nothing = new Uint8Array(0);
const settled = { pending: 0, unsure: 0, dead: 0 };
const N1 = { name: 'Variant', value: 'ao.N.1' };

let hyperbeam: FakeHyperbeam;
/** What processes of the node do, by process and slot. */
let results: Map<string, FakeResult>;

beforeEach(async () => {
  hyperbeam = await new FakeHyperbeam().start(network);
  await restart({ env: { ALLOW_PRIVATE_ADDRESSES: 'true' } });
  results = new Map();
  network.cu.fault = ({ url }) => {
    const processId = url.searchParams.get('process-id') ?? '';
    if (!hyperbeam.schedule.has(processId)) return undefined;
    const result = results.get(`${processId}${url.pathname}`) ?? {};
    return { status: 200, body: { Messages: [], Spawns: [], Assignments: [], Output: '', ...result } };
  };
});
afterEach(() => hyperbeam[Symbol.asyncDispose]());

const writes = () => hyperbeam.node.requests.filter(({ method }) => method === 'POST');
const resultsAsked = (processId: string) =>
  network.cu.requests.flatMap(({ url }) =>
    url.searchParams.get('process-id') === processId ? url.pathname : [],
  );

test('a message goes to the path of its process, and its result is asked for by slot', async () => {
  const receiver = network.addProcess();
  const process = await hyperbeam.addProcess(network);
  results.set(`${process}/result/1`, { Messages: [send(receiver)] });
  const item = await network.message(process);
  const { status, body } = await mu.post(item);
  expect([status, body]).toEqual([202, { message: 'Processing DataItem', id: item.id, processId: process }]);
  expect(await mu.settled()).toEqual(settled);
  const [write] = writes();
  expect(write?.url.pathname).toBe(`/${process}/~scheduler@1.0/schedule`);
  expect(write?.headers).toMatchObject({
    'content-type': 'application/ans104',
    'codec-device': 'ans104@1.0',
  });
  expect(write?.body).toEqual(Buffer.from(item.raw));
  expect(resultsAsked(process)).toEqual(['/result/1']);
  expect((await mu.tree(item.id))[0]).toMatchObject({ nonce: 1, host: hyperbeam.node.url, state: 'done' });
  expect(network.items(receiver).map((child) => child.tag('From-Process'))).toEqual([process]);
});

test('a new process is called as the node says', async () => {
  const receiver = network.addProcess();
  const own = await network.process([N1, { name: 'Scheduler', value: hyperbeam.address }], receiver);
  const processId = reversed(own);
  results.set(`${processId}/result/0`, { Messages: [send(receiver)] });
  expect(await mu.post(own)).toMatchObject({ status: 202, body: { id: own.id, processId } });
  expect(await mu.settled()).toEqual(settled);
  expect(await mu.post(own)).toMatchObject({ status: 202, body: { id: own.id, processId } });
  expect(writes().map(({ url }) => url.pathname)).toEqual([`/${own.id}/~scheduler@1.0/schedule`]);
  const [child] = network.items(receiver);
  expect([child?.tag('From-Process'), child?.tag('Pushed-For')]).toEqual([processId, processId]);
  expect(network.schedule.get(receiver)?.map(({ messageId }) => messageId)).toContain(processId);
});

test('a process of an outbox is spawned there, and announced under its name', async () => {
  const tags = { Variant: 'ao.N.1', Module: network.module, Scheduler: hyperbeam.address, Reference: '3' };
  const Tags = Object.entries(tags).map(([name, value]) => ({ name, value }));
  const sender = network.addProcess(({ item }) =>
    item?.tag('Action') === 'Spawned' ? {} : { Spawns: [{ Anchor: '', Tags }] },
  );
  await mu.post(await network.message(sender));
  expect(await mu.settled()).toEqual(settled);
  const [born] = [...hyperbeam.schedule.values()].map(([item]) => item);
  const announced = network.items(sender)[1];
  expect(announced?.tag('Process')).toBe(born && reversed(born));
  expect([announced?.tag('Variant'), announced?.tag('Reference')]).toEqual(['ao.N.1', '3']);
});

test.each([0, 250])(
  'what the node took while its answer was lost is not sent again (%i slots ago)',
  async (slots) => {
    const process = await hyperbeam.addProcess(network);
    const sender = network.addProcess(() => ({
      Messages: [send(process), send(process, { Action: 'Next' })],
    }));
    const another = await network.message(process);
    let lost = false;
    hyperbeam.node.fault = ({ method }) => {
      if (!lost && method === 'POST') {
        lost = true;
        return 'break-after';
      }
      if (method === 'GET' && hyperbeam.items(process).length === 1) {
        hyperbeam.schedule.get(process)?.push(...Array.from({ length: slots }, () => another));
      }
      return undefined;
    };
    const root = await network.message(sender);
    await mu.post(root);
    expect(await mu.settled()).toEqual(settled);
    const sent = hyperbeam.items(process).filter((each) => each.tag('From-Process') === sender);
    expect(sent.map((each) => each.tag('Action'))).toEqual([undefined, 'Next']);
    expect((await mu.tree(root.id))[1]).toMatchObject({ nonce: 1, state: 'done' });
    expect(resultsAsked(process)).toContain('/result/1');
  },
);

test('it is not looked for among slots that are older than itself', async () => {
  const process = await hyperbeam.addProcess(network);
  const another = await network.message(process);
  hyperbeam.schedule.get(process)?.push(...Array.from({ length: 250 }, () => another));
  hyperbeam.timestampOf = () => Date.now() - 2 * 3_600_000;
  let failures = 1;
  hyperbeam.node.fault = ({ method }) => (method === 'POST' && failures-- > 0 ? { status: 500 } : undefined);
  expect((await mu.post(await network.message(process))).status).toBe(202);
  const pages = hyperbeam.node.requests.filter(({ url }) => url.searchParams.has('from'));
  expect(pages).toHaveLength(1);
});

test.each(['message', 'process'])('of a lost answer to a client the %s is followed up', async (kind) => {
  const receiver = network.addProcess();
  const process = await hyperbeam.addProcess(network);
  const Scheduler = { name: 'Scheduler', value: hyperbeam.address };
  const item = kind === 'message' ? await network.message(process) : await network.process([N1, Scheduler]);
  results.set(`${process}/result/1`, { Messages: [send(receiver)] });
  hyperbeam.processIdOf = ({ id }) => id;
  results.set(`${item.id}/result/0`, { Messages: [send(receiver)] });
  hyperbeam.node.fault = ({ method }) => (method === 'POST' ? 'break-after' : { status: 500 });
  expect((await mu.post(item)).status).toBe(502);
  hyperbeam.node.fault = () => undefined;
  while (network.items(receiver).length === 0) await mu.get('/status');
  expect(await mu.settled()).toEqual(settled);
  expect(writes()).toHaveLength(1);
});

test('an answer that is not what it should be is none; a refusal is quoted', async () => {
  const process = await hyperbeam.addProcess(network);
  for (const bad of [{ status: 201 }, { status: 200 }, { status: 200, headers: { slot: 'x' } }]) {
    let failures = 1;
    hyperbeam.node.fault = ({ method }) => (method === 'POST' && failures-- > 0 ? bad : undefined);
    expect((await mu.post(await network.message(process))).status).toBe(202);
  }
  expect(hyperbeam.items(process)).toHaveLength(3);
  hyperbeam.node.fault = () => ({ status: 400, body: 'Message is not valid.' });
  expect(await mu.post(await network.message(process))).toMatchObject({
    status: 400,
    body: { error: 'Message is not valid.', code: 'SCHEDULER.REFUSED' },
  });
});

test('nothing can be assigned there, which is said', async () => {
  const process = await hyperbeam.addProcess(network);
  const sender = network.addProcess(() => ({ Assignments: [{ Processes: [process], Message: id() }] }));
  await mu.post(await network.message(sender));
  expect(await mu.settled()).toEqual({ ...settled, dead: 1 });
  const { nodes } = await mu.get<{ nodes: { error: string }[] }>(`/outbox/${sender}`);
  expect(nodes[0]?.error).toContain('HyperBEAM');
  expect(await mu.post(nothing, `/?process-id=${process}&assign=${id()}`)).toMatchObject({
    status: 422,
    body: { code: 'SCHEDULER.NO_ASSIGNMENTS' },
  });
});

test('what came nobody knows when is looked for among the newest thousand slots', async () => {
  const [process, other] = [await hyperbeam.addProcess(network), network.addProcess()];
  const message = () => network.message(process);
  const [old, recent, another] = [await message(), await message(), await message()];
  const others = Array.from({ length: 999 }, () => another);
  hyperbeam.schedule.get(process)?.push(old, recent, ...others);
  const push = async (id: string) => (await mu.post(nothing, `/push/${id}/0?process-id=${process}`)).status;
  results.set(`${process}/result/2`, { Messages: [send(other)] });
  expect([await push(recent.id), await push(old.id)]).toEqual([202, 404]);
});

test('an audit looks there, too, and a push sends what is missing', async () => {
  const [process, other] = [await hyperbeam.addProcess(network), await hyperbeam.addProcess(network)];
  results.set(`${process}/result/1`, { Messages: [send(other, { Reference: '1' })] });
  const item = await network.message(process);
  hyperbeam.schedule.get(process)?.push(item);
  const audit = async () => (await mu.post(nothing, `/audit/${process}`)).body;
  expect(await audit()).toMatchObject({
    slots: 2,
    entries: 1,
    missing: [{ source: item.id, target: other, reason: 'its scheduler does not have it' }],
  });
  for (let n = 0; n < 2; n++) {
    expect((await mu.post(nothing, `/push/${item.id}/0?process-id=${process}`)).status).toBe(202);
  }
  expect(await mu.settled()).toEqual(settled);
  expect(hyperbeam.items(other)).toHaveLength(1);
  expect(await audit()).toMatchObject({ entries: 1, missing: [] });
});
