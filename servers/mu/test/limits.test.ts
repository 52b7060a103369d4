import { describe, expect, test } from 'vitest';
import { type FakeNetwork, id, send } from './fake-network.ts';
import { mu, network, restart, useUnit } from './unit.ts';

useUnit();

const nothing = new Uint8Array(0);
const settled = { pending: 0, unsure: 0, dead: 0 };

test('what two processes send each other for ever is kept back at the depth allowed, and can go on', async () => {
  await restart({ env: { MAX_DEPTH: '5' } });
  const ids: string[] = [];
  const ring = [1, 0].map((other) => network.addProcess(() => ({ Messages: [send(ids[other] ?? '')] })));
  ids.push(...ring);
  const root = await network.message(ring[0] ?? '');
  await mu.post(root);
  expect(await mu.settled()).toEqual({ ...settled, dead: 1 });
  const last = (await mu.tree(root.id)).at(-1);
  expect(last).toMatchObject({ depth: 6, state: 'dead', error: expect.stringContaining(root.id) });
  expect((await mu.post(nothing, `/dead/${last?.key}/retry`)).status).toBe(202);
  expect(await mu.settled()).toEqual({ ...settled, dead: 1 });
  expect((await mu.tree(root.id)).at(-1)).toMatchObject({ depth: 7, state: 'dead' });
});

test('what one message causes beyond its budget is kept back, and can be sent', async () => {
  await restart({ env: { ROOT_BUDGET: '3' } });
  const last = network.addProcess();
  const receiver = network.addProcess(() => ({ Messages: [send(last, { N: '1' }), send(last, { N: '2' })] }));
  const sender = network.addProcess(() => ({ Messages: [send(receiver), send(receiver)] }));
  const roots = [await network.message(sender), await network.message(sender)];
  for (const root of roots) {
    await mu.post(root);
    await mu.settled();
    const nodes = await mu.tree(root.id);
    expect(nodes.filter(({ state }) => state === 'done')).toHaveLength(4);
    const [kept] = nodes.filter(({ state }) => state === 'dead');
    expect(kept?.error).toContain(root.id);
    expect((await mu.post(nothing, `/dead/${kept?.key}/retry`)).status).toBe(202);
  }
  expect(await mu.settled()).toMatchObject({ dead: 4 });
  expect(network.items(last)).toHaveLength(4);
});

describe('limits and lists', () => {
  test('let a wallet, an address and a process through so often a minute', async () => {
    const [one, two] = [network.addProcess(), network.addProcess()];
    for (const name of ['RATE_LIMIT_WALLET', 'RATE_LIMIT_IP', 'RATE_LIMIT_PROCESS']) {
      let now = Date.now();
      await restart({ env: { [name]: '2' }, clock: () => now });
      const statuses: number[] = [];
      for (const process of [one, two, one, one]) {
        statuses.push((await mu.post(await network.message(process))).status);
      }
      expect(statuses).toEqual(name === 'RATE_LIMIT_PROCESS' ? [202, 202, 202, 429] : [202, 202, 429, 429]);
      const refused = await fetch(`${mu.url}/?process-id=${one}&assign=${id()}`, { method: 'POST' });
      expect(refused.status).toBe(name === 'RATE_LIMIT_WALLET' ? 202 : 429);
      now += 30_000;
      expect((await mu.post(await network.message(one))).status).toBe(202);
    }
  });

  test('refuse with 403 what is not allowed or denied', async () => {
    const [listed, other] = [network.addProcess(), network.addProcess()];
    const post = async (process: string, tags: Parameters<FakeNetwork['message']>[1] = []) =>
      mu.post(await network.message(process, tags));
    await restart({ env: { PROCESS_ALLOW: listed, FROM_PROCESS_BLACKLIST: `x,${other}` } });
    expect((await post(listed)).status).toBe(202);
    expect(await post(other)).toMatchObject({
      status: 403,
      body: { error: 'Forbidden, process not whitelisted' },
    });
    expect(await post(listed, [{ name: 'From-Process', value: other }])).toMatchObject({
      status: 403,
      body: { error: 'Invalid From-Process value.' },
    });
    expect((await mu.post(await network.process())).status).toBe(202);
    const { raw } = await network.message(other);
    for (const path of [`/?process-id=${other}&assign=${id()}`, `/monitor/${other}`]) {
      expect((await mu.post(raw, path)).status).toBe(403);
    }
    await restart({ env: { PROCESS_DENY: other, WALLET_DENY: network.client.address } });
    expect([(await post(other)).status, (await post(listed)).status]).toEqual([403, 403]);
  });
});
