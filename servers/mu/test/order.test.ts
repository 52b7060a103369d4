import { expect, test } from 'vitest';
import { send } from './fake-network.ts';
import { mu, network, restart, temporaryDb, useUnit } from './unit.ts';

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

const counting = (receiver: string) =>
  network.addProcess(({ nonce }) => ({ Messages: [send(receiver, { Reference: String(nonce) })] }));

/** Answers about one message only when the other was asked for, and there was time enough to handle that answer. */
function answerLast(late: string, early: string): void {
  const asked = Promise.withResolvers<void>();
  network.cu.fault = async ({ url }) => {
    if (url.pathname.includes(early)) asked.resolve();
    if (!url.pathname.includes(late)) return undefined;
    await asked.promise;
    for (let i = 0; i < 20; i++) await mu.get(`/messages/${early}`);
    return undefined;
  };
}

test('messages of one process arrive at one target in the order of its evaluations, whichever result comes first', async () => {
  const receiver = network.addProcess();
  const sender = counting(receiver);
  const first = await network.message(sender);
  const second = await network.message(sender);
  answerLast(first.id, second.id);
  await mu.post(first);
  await mu.post(second);
  await mu.settled();
  expect(network.items(receiver).map((item) => item.tag('Reference'))).toEqual(['1', '2']);
});

test('so they do after a restart, also where the scheduler took them in another order than this unit', async () => {
  const dbPath = await temporaryDb();
  await restart({ dbPath });
  const receiver = network.addProcess();
  const sender = counting(receiver);
  const [second, first] = [await network.message(sender), await network.message(sender)];
  const taken = Promise.withResolvers<undefined>();
  const arrived = Promise.withResolvers<void>();
  const held = new Promise<undefined>(() => {});
  network.cu.fault = () => held;
  network.su.fault = ({ method, body }) => {
    if (method !== 'POST' || !body.equals(Buffer.from(second.raw))) return undefined;
    arrived.resolve();
    return taken.promise;
  };
  const posted = mu.post(second);
  await arrived.promise;
  await mu.post(first);
  taken.resolve(undefined);
  await posted;
  answerLast(first.id, second.id);
  await restart({ dbPath });
  await mu.settled();
  expect(network.items(receiver).map((item) => item.tag('Reference'))).toEqual(['1', '2']);
  expect(network.schedule.get(sender)?.[1]?.messageId).toBe(first.id);
});
