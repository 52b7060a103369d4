import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArweaveJwk, arweaveSigner, createBundle, createDataItem } from '@ao-ts/core/ans104';
import { generateWallet } from '@ao-ts/server-kit';
import Arweave from 'arweave';
import type { JWKInterface } from 'arweave/node/lib/wallet.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway, temporaryFolder } from './support.ts';

let jwk: ArweaveJwk;
let address: string;
beforeAll(async () => {
  jwk = await generateWallet();
  address = arweaveSigner(jwk).address;
});

function clientOf({ url }: TestGateway): Arweave {
  const { hostname, port } = new URL(url);
  return Arweave.init({ host: hostname, port: Number(port), protocol: 'http' });
}

async function signed(
  arweave: Arweave,
  attributes: Parameters<Arweave['createTransaction']>[0],
  tags: Record<string, string> = {},
) {
  const key = jwk as JWKInterface;
  const transaction = await arweave.createTransaction(attributes, key);
  for (const [name, value] of Object.entries(tags)) transaction.addTag(name, value);
  await arweave.transactions.sign(transaction, key);
  return transaction;
}

async function uploadInChunks(arweave: Arweave, transaction: Awaited<ReturnType<typeof signed>>) {
  const uploader = await arweave.transactions.getUploader(transaction);
  while (!uploader.isComplete) await uploader.uploadChunk();
}

describe('the arweave library', () => {
  it('posts a transaction, sees it confirmed and reads it back', async () => {
    const gateway = await startGateway();
    const arweave = clientOf(gateway);
    const transaction = await signed(arweave, { data: 'hello' }, { 'Content-Type': 'text/plain' });
    expect(await arweave.transactions.post(transaction)).toMatchObject({ status: 200 });
    expect(await arweave.transactions.getStatus(transaction.id)).toEqual({ status: 202, confirmed: null });
    await gateway.get('/mine/3');
    const { confirmed } = await arweave.transactions.getStatus(transaction.id);
    expect(confirmed).toMatchObject({ block_height: 1_650_001, number_of_confirmations: 3 });
    const read = await arweave.transactions.get(transaction.id);
    expect(read.toJSON()).toMatchObject({ id: transaction.id, owner: jwk.n, tags: transaction.tags });
    expect(await arweave.transactions.verify(read)).toBe(true);
    const data = await arweave.transactions.getData(transaction.id, { decode: true, string: true });
    expect(data).toBe('hello');
    expect(await arweave.wallets.getLastTransactionID(address)).toBe(transaction.id);
    const block = await arweave.blocks.getCurrent();
    expect(block.height).toBe(1_650_003);
    expect((await arweave.blocks.get(confirmed?.block_indep_hash ?? '')).txs).toEqual([transaction.id]);
  });

  it('uploads in chunks, and the data is there when the last one is', async () => {
    const gateway = await startGateway();
    const arweave = clientOf(gateway);
    const data = randomBytes(700_000);
    const transaction = await signed(arweave, { data });
    const uploader = await arweave.transactions.getUploader(transaction);
    while (!uploader.isComplete) {
      if (uploader.uploadedChunks > 0) expect((await gateway.get(`/${transaction.id}`)).status).toBe(404);
      await uploader.uploadChunk();
    }
    const response = await gateway.get(`/${transaction.id}`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(data);
    const chunked = await arweave.chunks.downloadChunkedData(transaction.id);
    expect(Buffer.from(chunked)).toEqual(data);
  });

  it('gets the data of a second transaction with the same content without sending it again', async () => {
    const gateway = await startGateway();
    const arweave = clientOf(gateway);
    const data = randomBytes(300_000);
    await uploadInChunks(arweave, await signed(arweave, { data }));
    const again = await signed(arweave, { data }, { Copy: 'yes' });
    const uploader = await arweave.transactions.getUploader(again);
    await uploader.uploadChunk();
    const response = await gateway.get(`/${again.id}`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(data);
  });

  it.each([1000, 400_000])('brings bundles of %i bytes as transactions', async (bytes) => {
    const gateway = await startGateway();
    const arweave = clientOf(gateway);
    const item = await createDataItem({ data: randomBytes(bytes) }, arweaveSigner(jwk));
    const tags = { 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' };
    const transaction = await signed(arweave, { data: createBundle([item]) }, tags);
    await uploadInChunks(arweave, transaction);
    const response = await gateway.get(`/raw/${item.id}`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(item.data));
    const { transaction: found } = await gateway.query<{ transaction: unknown }>(
      'query ($id: ID!) { transaction(id: $id) { parent { id } } }',
      { id: item.id },
    );
    expect(found).toEqual({ parent: { id: transaction.id } });
  });

  it.each([
    ['before its last chunk', false],
    ['between its last chunk and opening its bundle', true],
  ])('goes on with an upload that was interrupted %s', async (_when, joined) => {
    const dataDir = await temporaryFolder();
    const item = await createDataItem({ data: randomBytes(400_000) }, arweaveSigner(jwk));
    const data = Buffer.from(createBundle([item]));
    const before = await startGateway({ dataDir });
    const tags = { 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' };
    const transaction = await signed(clientOf(before), { data }, tags);
    await before.post('/tx', { ...(transaction.toJSON() as object), data: '' });
    expect((await before.post('/chunk', transaction.getChunk(0, data))).status).toBe(200);
    await before.stop();
    if (joined) {
      const path = join(dataDir, 'blobs', `${transaction.data_root}-${data.length}`);
      await writeFile(`${path}.parts`, data);
      await rename(`${path}.parts`, path);
    }
    const after = await startGateway({ dataDir });
    expect((await after.post('/chunk', transaction.getChunk(1, data))).status).toBe(200);
    for (const [id, bytes] of [
      [transaction.id, data],
      [item.id, Buffer.from(item.data)],
    ] as const) {
      const response = await after.get(`/raw/${id}`);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    }
  });

  it('may send all chunks at once, and again', async () => {
    const gateway = await startGateway();
    const data = randomBytes(1_200_000);
    const transaction = await signed(clientOf(gateway), { data });
    await gateway.post('/tx', { ...(transaction.toJSON() as object), data: '' });
    const chunks = transaction.chunks?.chunks.map((_, n) => transaction.getChunk(n, data)) ?? [];
    const answers = await Promise.all([...chunks, ...chunks].map((chunk) => gateway.post('/chunk', chunk)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const response = await gateway.get(`/${transaction.id}`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(data);
  });

  it('is not misled by who claims the data of another', async () => {
    const gateway = await startGateway();
    const arweave = clientOf(gateway);
    const data = Buffer.from('the real data');
    const real = await signed(arweave, { data });
    const { data_root } = real.toJSON() as { data_root: string };
    const old = await arweave.createTransaction(
      { format: 1, data: 'something else', last_tx: '', reward: '0' },
      jwk as JWKInterface,
    );
    await arweave.transactions.sign(old, jwk as JWKInterface);
    const claim = { ...(old.toJSON() as object), data_root, data_size: String(data.length) };
    expect((await gateway.post('/tx', claim)).status).toBe(200);
    expect((await gateway.post('/tx', real)).status).toBe(200);
    expect(await (await gateway.get(`/${real.id}`)).text()).toBe('the real data');
    expect(await (await gateway.get(`/${old.id}`)).text()).toBe('something else');
  });

  it('moves winston that was minted, and not more', async () => {
    const gateway = await startGateway();
    const arweave = clientOf(gateway);
    const target = Buffer.alloc(32, 7).toString('base64url');
    const poor = await signed(arweave, { target, quantity: '600' });
    const refused = await arweave.transactions.post(poor);
    expect(refused).toMatchObject({ status: 400 });
    expect(JSON.stringify(refused.data)).toContain('/mint/');
    await gateway.get(`/mint/${address}/1000`);
    expect(await arweave.transactions.post(poor)).toMatchObject({ status: 200 });
    expect(await arweave.transactions.post(poor)).toMatchObject({ status: 200 });
    expect(await arweave.wallets.getBalance(address)).toBe('400');
    expect(await arweave.wallets.getBalance(target)).toBe('600');
  });

  it('is told when a transaction or its data was changed', async () => {
    const gateway = await startGateway();
    const arweave = clientOf(gateway);
    const good = (await signed(arweave, { data: 'hello' })).toJSON() as Record<string, unknown>;
    const other = Buffer.from('other').toString('base64url');
    for (const change of [
      { data: other },
      { data: `${good.data as string}AAAA` },
      { reward: '5' },
      { target: address },
      { tags: [{ name: other, value: other }] },
      { id: Buffer.alloc(32, 1).toString('base64url') },
      { owner: arweave.utils.bufferTob64Url(randomBytes(512)) },
      { signature: 'AAAA' },
      { format: 3 },
      { quantity: '-1' },
      { tags: null },
    ]) {
      const answer = await gateway.post('/tx', { ...good, ...change });
      expect({ change, status: answer.status }).toEqual({ change, status: 400 });
      expect(await answer.json()).toMatchObject({ error: expect.stringMatching(/\w+ .*\.$/) });
    }
    expect((await gateway.post('/tx', good)).status).toBe(200);
  });

  it('is told what is wrong with a chunk', async () => {
    const gateway = await startGateway();
    const arweave = clientOf(gateway);
    const data = randomBytes(300_000);
    const transaction = await signed(arweave, { data });
    const chunk = transaction.getChunk(0, data);
    const problem = async (body: object) => {
      const answer = await gateway.post('/chunk', body);
      return { status: answer.status, error: ((await answer.json()) as { error?: string }).error };
    };
    expect(await problem(chunk)).toEqual({ status: 400, error: 'data_root_not_found' });
    await arweave.api.post('tx', { ...(transaction.toJSON() as object), data: '' });
    const refused = { status: 400, error: 'invalid_proof' };
    expect(await problem({ ...chunk, chunk: randomBytes(100).toString('base64url') })).toEqual(refused);
    expect(await problem({ ...chunk, data_path: randomBytes(96).toString('base64url') })).toEqual(refused);
    expect(await problem({ ...chunk, data_path: 'AA' })).toEqual(refused);
    expect(await problem({ ...chunk, data_size: '999999' })).toMatchObject({ status: 400 });
    expect(await problem({ ...chunk, offset: '1e9' })).toEqual({ status: 400, error: 'invalid_json' });
    expect(await problem({ ...chunk, data_path: 'A'.repeat(30_000) })).toEqual({
      status: 400,
      error: 'data_path_too_big',
    });
    expect(await problem(chunk)).toEqual({ status: 200, error: undefined });
  });
});
