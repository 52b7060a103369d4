import assert from 'node:assert';
import { after, test } from 'node:test';
import { Network } from '@ao-ts/network';

// A whole network in this program, gone when the tests are over.
const network = await Network.forTests(after);

test('counts, and tells who asked', async () => {
  const { client } = network;
  const counter = await client.spawnFile(new URL('process.lua', import.meta.url));
  await client.send(counter, { Action: 'Increment' });
  const { Messages } = await client.send(counter, { Action: 'Increment' });
  assert.equal(Messages[0].Target, client.address);
  assert.equal(Messages[0].Data, '2');
  assert.equal(await client.value(counter, 'Count'), '2');
});
