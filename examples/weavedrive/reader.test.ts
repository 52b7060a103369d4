import { Network, tagValue } from '@ao-ts/network';
import { afterAll, expect, test } from 'vitest';

const network = await Network.forTests(afterAll);
const { client, file } = network;
const reader = await client.spawnFile(new URL('reader.lua', import.meta.url), {
  tags: { Attestor: client.address },
});

/** Puts all that was uploaded into a block, and waits until messages are scheduled at that height. */
async function mine(): Promise<number> {
  const { height } = (await (await fetch(`${file.gateway}/mine`)).json()) as { height: number };
  const scheduled = async () => {
    const clock = (await (await fetch(`${file.su}/timestamp`)).json()) as { block_height: string };
    return Number(clock.block_height);
  };
  await expect.poll(scheduled, { timeout: 20_000 }).toBeGreaterThanOrEqual(height);
  return height;
}

const attest = (id: string) => client.upload('', { 'Data-Protocol': 'ao', Type: 'Attestation', Message: id });

async function ask(action: string, tags: Record<string, string>) {
  const { Messages, Error: problem } = await client.send(reader, { Action: action, ...tags });
  expect(problem).toBeUndefined();
  return Messages[0];
}

test('blocks and transactions can be read', async () => {
  const item = await client.upload('some data');
  const height = await mine();
  const block = await ask('Block', { Height: `${height}` });
  const expected = (await (await fetch(`${file.gateway}/block/height/${height}`)).json()) as {
    indep_hash: string;
    txs: string[];
  };
  expect(tagValue(block, 'Hash')).toBe(expected.indep_hash);
  expect(JSON.parse(block?.Data ?? '')).toEqual(expected.txs);

  const transaction = await ask('Transaction', { 'Content-Id': item });
  expect(tagValue(transaction, 'Size')).toBe('9');
  expect(transaction?.Data).toBe(client.address);
});

test('data that is attested can be read, and counts the same when it is read again', async () => {
  const id = await client.upload('The quick fox, the lazy dog.');
  await attest(id);
  await mine();
  const counted = { the: 2, quick: 1, fox: 1, lazy: 1, dog: 1 };
  for (let i = 0; i < 2; i++)
    expect(JSON.parse((await ask('Words', { 'Content-Id': id }))?.Data ?? '')).toEqual(counted);
});

test('a process can run a program that is on Arweave', async () => {
  const program = await client.upload(
    'Handlers.add("hi", "Hi", function(msg) msg.reply({ Data = "hello" }) end)',
  );
  const process = await client.spawn('', { tags: { 'On-Boot': program } });
  expect((await client.send(process, { Action: 'Hi' })).Messages[0]?.Data).toBe('hello');
});

test('a program on Arweave that fails says where', async () => {
  const program = await client.upload('local t = nil\nreturn t.x');
  await expect(client.spawn('', { tags: { 'On-Boot': program } })).rejects.toThrow(
    'program:2: attempt to index',
  );
});
