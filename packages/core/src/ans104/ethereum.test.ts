import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createData, TypedEthereumSigner } from '@dha-team/arbundles';
import { describe, expect, test } from 'vitest';
import { type DataItem, parseDataItem } from './data-item.ts';
import { createDataItem, ed25519Signer, ethereumSigner } from './signer.ts';
import { verifyDataItem } from './verify.ts';

const SIGNATURE_AT = 2;

function changed(item: DataItem, change: (signature: Buffer) => void): DataItem {
  const raw = Buffer.from(item.raw);
  change(raw.subarray(SIGNATURE_AT, SIGNATURE_AT + 65));
  return parseDataItem(raw);
}

describe('an Ethereum signature', () => {
  test('has one form: neither the opposite s nor another v is taken', async () => {
    const order = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');
    for (let i = 0; i < 8; i++) {
      const item = await createDataItem({ data: String(i) }, ethereumSigner(randomBytes(32)));
      expect(await verifyDataItem(item)).toBe(true);
      const opposite = changed(item, (signature) => {
        const s = BigInt(`0x${signature.toString('hex', 32, 64)}`);
        signature.write((order - s).toString(16).padStart(64, '0'), 32, 'hex');
        signature[64] = signature[64] === 27 ? 28 : 27;
      });
      expect(await verifyDataItem(opposite)).toBe(false);
      for (const v of [0, 1, 26, 29]) {
        const other = changed(item, (signature) => {
          signature[64] = v;
        });
        expect(await verifyDataItem(other)).toBe(false);
      }
    }
  });

  test('of nonsense is refused, not thrown at', async () => {
    const item = await createDataItem({ data: 'x' }, ethereumSigner(randomBytes(32)));
    for (const byte of [0, 0xff]) {
      const nonsense = changed(item, (signature) => {
        signature.fill(byte, 0, 64);
      });
      expect(await verifyDataItem(nonsense)).toBe(false);
    }
  });
});

describe('a typed Ethereum item', () => {
  test('made by arbundles is verified', async () => {
    const signer = new TypedEthereumSigner(randomBytes(32).toString('hex'));
    const theirs = createData('typed', signer, { tags: [{ name: 'a', value: 'b' }] });
    await theirs.sign(signer);
    const item = parseDataItem(theirs.getRaw());
    expect(item.signatureType).toBe(7);
    expect(await verifyDataItem(item)).toBe(true);

    const raw = Buffer.from(item.raw);
    raw.write('X', raw.length - 1);
    expect(await verifyDataItem(parseDataItem(raw))).toBe(false);
  });
});

test('items signed with Ed25519 are verified', async () => {
  const signer = ed25519Signer(generateKeyPairSync('ed25519').privateKey);
  const item = await createDataItem({ data: 'x' }, signer);
  expect(item.ownerAddress).toBe(signer.address);
  expect(await verifyDataItem(parseDataItem(item.raw))).toBe(true);
});

test('keys of the wrong kind are refused', () => {
  expect(() => ethereumSigner(new Uint8Array(32))).toThrow(/secp256k1/);
  expect(() => ed25519Signer(generateKeyPairSync('x25519').privateKey)).toThrow(/Ed25519/);
});
