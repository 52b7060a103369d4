import { describe, expect, test } from 'vitest';
import { SqliteLedger } from '../src/stores/sqlite-ledger.ts';
import { type Behaviour, id, send } from './fake-network.ts';
import type { FakeUnit, Fault } from './fake-unit.ts';
import { mu, network, restart, useUnit } from './unit.ts';

useUnit();

/** A process whose message has every kind of child; the children it should have. */
function busyProcess() {
  const [receiver, assignee] = [network.addProcess(), network.addProcess()];
  const [wallet, transaction] = [id(), id()];
  const Tags = [{ name: 'Module', value: network.module }];
  const spawned: string[] = [];
  const behaviour: Behaviour = ({ item }) => {
    if (item?.tag('Action') === 'Spawned') {
      spawned.push(item.tag('Process') ?? '');
      return {};
    }
    return {
      Messages: [send(receiver, { Reference: '1' }), send(receiver, { Reference: '2' }), send(wallet)],
      Spawns: [{ Anchor: '', Tags }],
      Assignments: [{ Processes: [assignee], Message: transaction }],
    };
  };
  const process = network.addProcess(behaviour);
  const check = () => {
    expect(network.items(process)).toHaveLength(2);
    expect(network.items(receiver).map((item) => item.tag('Reference'))).toEqual(['1', '2']);
    expect(network.schedule.get(assignee)?.map(({ messageId }) => messageId)).toEqual([
      assignee,
      transaction,
    ]);
    expect(spawned).toHaveLength(1);
    const born = [...network.schedule.values()].filter(([slot]) => slot?.item?.tag('Type') === 'Process');
    expect(born.map(([slot]) => slot?.messageId)).toEqual(spawned);
    expect(new Set(network.uploads.map((item) => item.id)).size).toBe(1);
  };
  return { process, check };
}

const faults: Record<string, Fault> = {
  'is down': 'break-before',
  'does its work but breaks the connection': 'break-after',
  'answers 500': { status: 500, body: { error: 'broken' } },
  'answers garbage': { status: 200, body: '<html>' },
  'is too busy': { status: 429, body: { error: 'slow down' } },
};

function processBody(processId: string) {
  const owner = { address: id(), key: '' };
  return { process_id: processId, block: '1', owner, tags: [], timestamp: 1 };
}

describe.each(['su', 'cu', 'gateway', 'uploader'] as const)('while the %s', (name) => {
  test.each(Object.entries(faults))(
    '%s for a while, everything arrives once all the same',
    async (_, fault) => {
      const { process, check } = busyProcess();
      const unit: FakeUnit = network[name];
      const item = await network.message(process);
      // The scheduler is allowed to take the client's own message, so that the outbox is what suffers.
      const failing = new Map<string, number>();
      unit.fault = ({ method, url, body }) => {
        if (body.includes(Buffer.from(item.signature)) || url.pathname === `/processes/${process}`)
          return undefined;
        const key = `${method}${url.pathname}${body.subarray(0, 60).toString('hex')}`;
        const count = (failing.get(key) ?? 0) + 1;
        failing.set(key, count);
        return count <= 2 ? fault : undefined;
      };
      expect((await mu.post(item)).status).toBe(202);
      expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
      check();
    },
  );
});

test.each(['su', 'cu', 'gateway', 'uploader'] as const)(
  'the %s is stopped while there is something to deliver, and started again: everything arrives once',
  async (name) => {
    const { process, check } = busyProcess();
    const stopped = Promise.withResolvers<undefined>();
    network.cu.fault = () => stopped.promise;
    const item = await network.message(process);
    expect((await mu.post(item)).status).toBe(202);
    const port = Number(new URL(network[name].url).port);
    await network[name].stop();
    stopped.resolve(undefined);
    while (!(await mu.tree(item.id)).some(({ attempts }) => attempts > 1));
    await network[name].start(port);
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    check();
  },
);

test('an uploader that has an item already, and says so without JSON, has it', async () => {
  const process = network.addProcess(() => ({ Messages: [send(id())] }));
  const faults: Fault[] = ['break-after', { status: 202, body: 'Data item exists' }];
  network.uploader.fault = () => faults.shift();
  await mu.post(await network.message(process));
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
  expect(network.uploader.requests).toHaveLength(2);
});

test('an assignment that another unit made while it waited for its turn is not made again', async () => {
  const ledger = new SqliteLedger(':memory:', Date.now);
  await restart({ ledger });
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({
    Messages: [send(receiver)],
    Assignments: [{ Processes: [receiver], Message: network.module }],
  }));
  network.su.fault = ({ method, body }) =>
    method === 'POST' && body.includes('From-Process') ? { status: 500 } : undefined;
  const root = await network.message(sender);
  await mu.post(root);
  while (!(await mu.tree(root.id)).some(({ attempts }) => attempts > 0));
  const waiting = (await mu.tree(root.id)).find(({ kind }) => kind === 'assignment');
  const receipt = { id: id(), host: network.su.url, awaitsResult: false, children: [] };
  await ledger.scheduled(waiting?.seq ?? 0, receipt);
  network.su.fault = () => undefined;
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
  expect(network.items(receiver)).toHaveLength(1);
  expect(network.schedule.get(receiver)).toHaveLength(2);
});

test('an outage of the directory never makes a process look like a wallet', async () => {
  const receiver = network.addProcess();
  const process = network.addProcess(() => ({ Messages: [send(receiver)] }));
  network.processes.delete(receiver);
  let looked = 0;
  network.gateway.fault = () => {
    looked += 1;
    return looked < 4 ? { status: looked === 1 ? 404 : 500 } : undefined;
  };
  network.su.fault = ({ url }) =>
    url.pathname === `/processes/${receiver}` && looked >= 3
      ? { status: 200, body: processBody(receiver) }
      : undefined;
  await mu.post(await network.message(process));
  expect(await mu.settled()).toMatchObject({ dead: 0 });
  expect(network.uploads).toEqual([]);
  expect(network.items(receiver)).toHaveLength(1);
});

test('what keeps failing is given up at its age, and says why', async () => {
  await restart({ env: { RETRY_MAX_AGE_MS: '100' } });
  const process = network.addProcess();
  network.cu.fault = () => ({ status: 500, body: { error: 'no memory left' } });
  const item = await network.message(process);
  await mu.post(item);
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 1 });
  const [node] = await mu.tree(item.id);
  expect(node?.error).toContain('no memory left');
});

test('what a scheduler refuses is dead, with its words, and its lane goes on', async () => {
  const receiver = network.addProcess();
  const process = network.addProcess(() => ({
    Messages: [send(receiver, { Action: 'Bad' }), send(receiver, { Action: 'Good' })],
  }));
  network.su.fault = ({ method, body }) =>
    method === 'POST' && body.includes('Bad') ? { status: 400, body: { error: 'too bad' } } : undefined;
  await mu.post(await network.message(process));
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 1 });
  expect(network.items(receiver).map((item) => item.tag('Action'))).toEqual(['Good']);
  const { nodes } = await mu.get<{ nodes: { error: string }[] }>(`/outbox/${process}`);
  expect(nodes.map((node) => node.error)).toEqual([expect.stringContaining('too bad')]);
});
