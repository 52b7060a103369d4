import { Network } from '@ao-ts/network';
import { afterAll, expect, test } from 'vitest';

const network = await Network.forTests(afterAll, { env: { mu: { MONITOR_INTERVAL_MS: '100' } } });

test('the clock makes it tick, and while it is monitored its subscribers hear of it', async () => {
  const { client } = network;
  const ticker = await client.spawnFile(new URL('ticker.lua', import.meta.url), {
    tags: { 'Cron-Interval': '1-second', 'Cron-Tag-Action': 'Tick' },
  });
  const listener = await client.spawn();
  await client.eval(listener, `Send({ Target = "${ticker}", Action = "Subscribe" })`);
  await expect
    .poll(async () => Number(await client.value(ticker, 'Ticks')), { timeout: 20_000 })
    .toBeGreaterThan(0);

  await client.monitor(ticker);
  const heard = () => client.value(listener, 'return Inbox[#Inbox].Action');
  await expect.poll(heard, { timeout: 20_000 }).toBe('Ticked');
  await client.unmonitor(ticker);
});

test('somebody who pretends to be the clock is not believed', async () => {
  const { client } = network;
  const ticker = await client.spawnFile(new URL('ticker.lua', import.meta.url));
  await network.newClient().send(ticker, { Action: 'Tick', Cron: 'true' });
  expect(await client.value(ticker, 'Ticks')).toBe('0');
});
