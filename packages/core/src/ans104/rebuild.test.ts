import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { toBase64url } from '../encoding.ts';
import type { DataItem } from './data-item.ts';
import { rebuildDataItem } from './rebuild.ts';
import { type ArweaveJwk, arweaveSigner, createDataItem, ed25519Signer, ethereumSigner } from './signer.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey.export({ format: 'jwk' });
const signers = {
  'RSA-4096': arweaveSigner(rsa as ArweaveJwk),
  Ed25519: ed25519Signer(generateKeyPairSync('ed25519').privateKey),
  secp256k1: ethereumSigner(randomBytes(32)),
};

/** As a gateway tells it. */
const partsOf = (item: DataItem) => ({
  signature: toBase64url(item.signature),
  owner: toBase64url(item.owner),
  target: toBase64url(item.target),
  anchor: toBase64url(item.anchor),
  tags: item.tags,
  data: item.data,
});

test.each(Object.entries(signers))(
  '%s: an item is put together again, byte for byte',
  async (_name, signer) => {
    const target = randomBytes(32).toString('base64url');
    for (const content of [
      {},
      { target, anchor: randomBytes(32), tags: [{ name: 'a', value: 'é' }], data: 'x' },
    ]) {
      const item = await createDataItem(content, signer);
      expect((await rebuildDataItem(partsOf(item)))?.raw).toEqual(item.raw);
    }
  },
);

test('what the signature is not valid over is not put together', async () => {
  const parts = partsOf(await createDataItem({ data: 'x' }, signers.secp256k1));
  for (const change of [
    { data: Buffer.from('y') },
    { tags: [{ name: 'a', value: 'b' }] },
    { anchor: toBase64url(randomBytes(16)) },
    { owner: toBase64url(randomBytes(65)) },
    { owner: '' },
    { signature: toBase64url(randomBytes(65)) },
  ]) {
    expect(await rebuildDataItem({ ...parts, ...change })).toBeUndefined();
  }
});
