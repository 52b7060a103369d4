import { Network } from '@ao-ts/network';
import { afterAll, expect, test } from 'vitest';

const MINUTE_MS = 60_000;

const network = await Network.forTests(afterAll);
const { client } = network;
const spawnTicker = (tags = {}) => client.spawnFile(new URL('ticker.lua', import.meta.url), { tags });

test('the clock makes it tick, and while it is monitored its subscribers hear of it', async () => {
  const ticker = await spawnTicker({ 'Cron-Interval': '5-minutes', 'Cron-Tag-Action': 'Tick' });
  const listener = await client.spawn();
  await client.eval(listener, `Send({ Target = "${ticker}", Action = "Subscribe" })`);
  await network.settle();
  network.advance(15 * MINUTE_MS);
  expect(await client.value(ticker, 'Ticks')).toBe('3');

  await client.monitor(ticker);
  network.advance(5 * MINUTE_MS);
  const heard = () => client.value(listener, 'Inbox[#Inbox].Action .. Inbox[#Inbox].Data');
  await expect.poll(heard, { timeout: 20_000 }).toBe('Ticked4');
  await client.unmonitor(ticker);
});

test('somebody who pretends to be the clock is not believed', async () => {
  const ticker = await spawnTicker();
  await network.newClient().send(ticker, { Action: 'Tick', Cron: 'true' });
  expect(await client.value(ticker, 'Ticks')).toBe('0');
});
