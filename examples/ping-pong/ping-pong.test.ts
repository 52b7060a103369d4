import { Network, outputText } from '@ao-ts/network';
import { afterAll, expect, test } from 'vitest';

const network = await Network.forTests(afterAll);

test('pong answers ping, and ping prints the answer', async () => {
  const { client } = network;
  const pong = await client.spawnFile(new URL('pong.lua', import.meta.url));
  const ping = await client.spawnFile(new URL('ping.lua', import.meta.url));
  const { Messages } = await client.eval(ping, `ping("${pong}")`);
  expect(Messages[0]?.Target).toBe(pong);

  await network.settle();
  const printed = (await client.latestResults(ping, 1)).map(({ node }) => outputText(node.Output));
  expect(printed).toEqual([`Got pong from ${pong}`]);
});
