import { expect, test } from 'vitest';
import { send } from './fake-network.ts';
import { mu, network, restart, temporaryDb, useUnit } from './unit.ts';

useUnit();

test('what was finished long ago is forgotten, and not sent again when it is posted again', async () => {
  let now = Date.now();
  const dbPath = await temporaryDb();
  await restart({ dbPath, clock: () => now });
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
  const item = await network.message(sender);
  await mu.post(item);
  await mu.settled();
  now += 8 * 24 * 3_600_000;
  await restart({ dbPath, clock: () => now });
  while ((await mu.tree(item.id)).length > 0);
  expect((await mu.post(item)).status).toBe(202);
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
  expect(network.items(receiver)).toHaveLength(1);
});
