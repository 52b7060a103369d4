import { expect, test } from 'vitest';
import { send } from './fake-network.ts';
import { mu, network, useUnit } from './unit.ts';

useUnit();

test('messages of one process arrive at one target in the order they were sent', async () => {
  const receiver = network.addProcess();
  const outbox = Array.from({ length: 50 }, (_, n) => send(receiver, { Reference: String(n) }));
  const sender = network.addProcess(() => ({ Messages: outbox }));
  await mu.post(await network.message(sender));
  await mu.settled();
  const order = network.items(receiver).map((item) => Number(item.tag('Reference')));
  expect(order).toEqual(outbox.map((_, n) => n));
});

test('messages of one process arrive at one target in the order of its evaluations, whichever result comes first', async () => {
  const receiver = network.addProcess();
  const sender = network.addProcess(({ nonce }) => ({
    Messages: [send(receiver, { Reference: String(nonce) })],
  }));
  const first = await network.message(sender);
  const second = await network.message(sender);
  const secondAsked = Promise.withResolvers<void>();
  network.cu.fault = async ({ url }) => {
    if (url.pathname.includes(second.id)) secondAsked.resolve();
    if (!url.pathname.includes(first.id)) return undefined;
    await secondAsked.promise;
    // Time enough for the result of the second to be handled.
    for (let i = 0; i < 20; i++) await mu.get(`/messages/${second.id}`);
    return undefined;
  };
  await mu.post(first);
  await mu.post(second);
  await mu.settled();
  expect(network.items(receiver).map((item) => item.tag('Reference'))).toEqual(['1', '2']);
});
