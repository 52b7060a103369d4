import { Network, tagValue } from '@ao-ts/network';
import { afterAll, expect, test } from 'vitest';

const network = await Network.forTests(afterAll);

test('greets by name and counts', async () => {
  const { client } = network;
  const hello = await client.spawnFile(new URL('hello.lua', import.meta.url));
  await client.send(hello, { Action: 'Hello', Name: 'Ada' });
  const { Messages } = await client.send(hello, { Action: 'Hello', Name: 'Ada' });
  expect(Messages[0]).toMatchObject({ Target: client.address, Data: 'Hello, Ada!' });
  expect(tagValue(Messages[0], 'Times')).toBe('2');
  expect(await client.value(hello, 'Greetings.Ada')).toBe('2');
});

test('greets by address whoever gives no name', async () => {
  const stranger = network.newClient();
  const hello = await network.client.spawnFile(new URL('hello.lua', import.meta.url));
  const { Messages } = await stranger.send(hello, { Action: 'Hello' });
  expect(Messages[0]?.Data).toBe(`Hello, ${stranger.address}!`);
});
