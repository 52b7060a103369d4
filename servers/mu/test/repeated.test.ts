import { expect, test } from 'vitest';
import { send } from './fake-network.ts';
import { mu, network, useUnit } from './unit.ts';

useUnit();

test('messages posted twice are scheduled once and answered alike', async () => {
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
  const item = await network.message(sender);
  const [first, second] = await Promise.all([mu.post(item), mu.post(item)]);
  const third = await mu.post(item);
  expect([second, third]).toEqual([first, first]);
  await mu.settled();
  expect(network.items(sender)).toHaveLength(1);
  expect(network.items(receiver)).toHaveLength(1);
});

test('messages of the same content, that another messenger brought, count as delivered', async () => {
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
  network.su.fault = ({ method, body }) =>
    method === 'POST' && body.includes('From-Process')
      ? { status: 400, body: { error: 'MessageExists("Deep hash already exists")' } }
      : undefined;
  await mu.post(await network.message(sender));
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
  expect(network.results.has(`${receiver}/1`)).toBe(false);
});

test('messages that a scheduler got from elsewhere have their outbox sent too', async () => {
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
  const item = await network.message(sender);
  await fetch(network.su.url, { method: 'POST', body: Buffer.from(item.raw) });
  expect((await mu.post(item)).status).toBe(202);
  await mu.settled();
  expect(network.items(receiver)).toHaveLength(1);
});
