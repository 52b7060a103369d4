import { afterAll, expect, test } from 'vitest';
import { errorText, Network } from '../src/index.ts';

const { client } = await Network.forTests(afterAll);

test('a message that never ends fails, and its process goes on from where it was', async () => {
  const process = await client.spawn('Count = 7', { tags: { 'Compute-Limit': '20000000000' } });
  const endless = await client.send(process, { Action: 'Eval' }, 'Count = 8 while true do end');
  expect(errorText(endless)).toContain('out of gas');
  expect(await client.value(process, 'Count')).toBe('7');
});
