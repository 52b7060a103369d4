import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FakeNetwork, send } from './fake-network.ts';
import type { Fault } from './fake-unit.ts';
import { MuProcess, until } from './mu-process.ts';
import { Ring } from './ring.ts';
import type { MuClient } from './unit.ts';

/** How often the ring is cut; more finds rarer moments. */
const KILLS = Number(process.env.MU_TEST_KILLS ?? 4);

let network: FakeNetwork;
let unit: MuProcess;
let mu: MuClient;

beforeAll(async () => {
  network = await new FakeNetwork().start();
  unit = await MuProcess.prepare(network);
});

afterAll(() => network[Symbol.asyncDispose]());

beforeEach(async () => {
  mu = await unit.start();
});

afterEach(async () => {
  for (const each of [network.su, network.cu, network.gateway, network.uploader])
    each.fault = () => undefined;
  await unit.kill();
});

async function restart(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL') {
  const code = await unit.kill(signal);
  for (const each of [network.su, network.cu]) each.fault = () => undefined;
  mu = await unit.start();
  return code;
}

const never = new Promise<Fault>(() => {});
const writes = () => network.su.requests.filter(({ method }) => method === 'POST').length;
const pulls = () => network.cu.requests.length;

/** A process that sends `count` messages to one receiver. */
function fanOut(count: number) {
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({
    Messages: Array.from({ length: count }, (_, n) => send(receiver, { Reference: String(n) })),
  }));
  const check = async () => {
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    const arrived = network.items(receiver);
    expect(arrived.map((item) => Number(item.tag('Reference')))).toEqual(
      Array.from({ length: count }, (_, n) => n),
    );
  };
  return { sender, receiver, check };
}

describe('killed at a moment the work is lost at elsewhere, each entry arrives once', () => {
  test('while the first result is evaluated', async () => {
    const { sender, check } = fanOut(3);
    const before = pulls();
    network.cu.fault = () => never;
    await mu.post(await network.message(sender));
    await until(() => pulls() > before);
    await restart();
    await check();
  });

  test('just after all children were delivered', async () => {
    const { sender, receiver, check } = fanOut(20);
    await mu.post(await network.message(sender));
    await until(() => network.items(receiver).length === 20);
    await restart();
    await check();
  });

  test('while the scheduler is slow with the children', async () => {
    const { sender, check } = fanOut(5);
    await mu.post(await network.message(sender));
    const before = writes();
    network.su.fault = ({ method }) => (method === 'POST' ? never : undefined);
    await until(() => writes() > before);
    await restart();
    await check();
  });

  test('after the scheduler took a child and before the answer arrived', async () => {
    const { sender, receiver, check } = fanOut(5);
    await mu.post(await network.message(sender));
    network.su.fault = ({ method }) => (method === 'POST' ? 'break-after' : undefined);
    await until(() => network.items(receiver).length > 0);
    await restart();
    await check();
  });

  test('while children wait to be tried again', async () => {
    const { sender, check } = fanOut(5);
    network.su.fault = ({ method, body }) =>
      method === 'POST' && body.includes('From-Process') ? { status: 500 } : undefined;
    const before = writes();
    await mu.post(await network.message(sender));
    await until(() => writes() > before + 3);
    await restart();
    await check();
  });

  test('while a spawn and an assignment wait for their scheduler', async () => {
    const assignee = network.addProcess();
    const announced: string[] = [];
    const sender = network.addProcess(({ item }) => {
      if (item?.tag('Action') === 'Spawned') {
        announced.push(item.tag('Process') ?? '');
        return {};
      }
      return {
        Spawns: [{ Anchor: '', Tags: [{ name: 'Module', value: network.module }] }],
        Assignments: [{ Processes: [assignee], Message: network.module }],
      };
    });
    const born = network.processes.size;
    network.su.fault = ({ method, body, url }) =>
      method === 'POST' && (body.includes('From-Process') || url.searchParams.has('assign'))
        ? 'break-after'
        : undefined;
    await mu.post(await network.message(sender));
    await until(() => network.processes.size > born && network.schedule.get(assignee)?.length === 2);
    await restart();
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    expect(network.processes.size).toBe(born + 1);
    expect(announced).toHaveLength(1);
    expect(network.schedule.get(assignee)).toHaveLength(2);
  });

  test('between the steps of a client that was not answered', async () => {
    const { sender, check } = fanOut(2);
    network.su.fault = ({ method }) => (method === 'POST' ? never : undefined);
    const before = writes();
    const item = await network.message(sender);
    const answer = mu.post(item).catch(() => undefined);
    await until(() => writes() > before);
    await restart();
    expect(await answer).toBeUndefined();
    await check();
    expect(network.items(sender).map(({ id }) => id)).toEqual([item.id]);
  });

  test('while cron results are fetched, and while what they emitted is sent', async () => {
    const [receiver, process] = [network.addProcess(), network.addProcess()];
    const monitor = async (method: 'POST' | 'DELETE') => {
      const headers = { 'content-type': 'application/octet-stream' };
      const body = Buffer.from((await network.message(process)).raw);
      expect((await fetch(`${mu.url}/monitor/${process}`, { method, headers, body })).status).toBe(200);
    };
    await monitor('POST');
    const polls = () => network.cu.requests.filter(({ url }) => url.pathname === `/cron/${process}`).length;
    await until(() => polls() > 0);
    network.crons = Array.from({ length: 5 }, (_, n) => ({
      cursor: `cursor-${n}`,
      node: { Messages: [send(receiver, { Reference: String(n) })] },
    }));
    const asked = polls();
    network.cu.fault = () => never;
    await until(() => polls() > asked);
    await restart();
    await until(() => network.items(receiver).length > 0);
    await restart();
    await until(() => network.items(receiver).length === 5);
    const again = polls();
    await until(() => polls() > again + 1);
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    expect(network.items(receiver).map((item) => item.tag('Reference'))).toEqual(['0', '1', '2', '3', '4']);
    network.crons = [];
    await monitor('DELETE');
  });

  test('by SIGTERM, which ends cleanly and at once', async () => {
    const { sender, check } = fanOut(3);
    network.cu.fault = () => never;
    const before = pulls();
    await mu.post(await network.message(sender));
    await until(() => pulls() > before);
    expect(await restart('SIGTERM')).toBe(0);
    await check();
  });
});

test(
  'a ring of processes keeps every message through kills at random points',
  async () => {
    const ring = new Ring(network, { tokens: 10, hops: Math.min(100, 10 * KILLS) });
    for (const item of await ring.items()) await mu.post(item);
    for (let kill = 1; kill <= KILLS; kill++) {
      const point = (ring.total * (kill - 0.5 + Math.random() / 2)) / (KILLS + 1);
      await until(() => ring.arrived >= point);
      await restart();
    }
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    ring.check();
  },
  60_000 + 30_000 * KILLS,
);
