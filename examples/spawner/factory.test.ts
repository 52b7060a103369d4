import { Network, tagValue } from '@ao-ts/network';
import { afterAll, expect, test } from 'vitest';

const network = await Network.forTests(afterAll);

test('everybody gets a counter of their own', async () => {
  const factory = await network.client.spawnFile(new URL('factory.lua', import.meta.url));
  const [alice, bob] = [network.newClient(), network.newClient()];
  const created = await alice.send(factory, { Action: 'Create' });
  expect(created.Spawns).toHaveLength(1);
  await bob.send(factory, { Action: 'Create' });
  await network.settle();

  const again = await alice.send(factory, { Action: 'Create' });
  expect(again.Spawns).toEqual([]);
  const counter = tagValue(again.Messages[0], 'Counter') ?? '';
  expect(counter).toMatch(/^[\w-]{43}$/);
  const bobs = await network.client.value(factory, `Counters["${bob.address}"]`);
  expect(bobs).not.toBe(counter);

  await alice.send(counter, { Action: 'Increment' });
  const { Messages } = await alice.send(counter, { Action: 'Increment' });
  expect(Messages[0]?.Data).toBe('2');
  expect((await bob.send(counter, { Action: 'Increment' })).Messages).toEqual([]);
});
