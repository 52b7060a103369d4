import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  createData as createOther,
  EthereumSigner,
  HexSolanaSigner,
  DataItem as OtherItem,
} from '@dha-team/arbundles';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArweaveSigner, createData, DataItem as OracleItem } from 'warp-arbundles';
import { AoError } from '../errors.ts';
import { createBundle, parseBundle } from './bundle.ts';
import { type DataItem, DEFAULT_LIMITS, type ItemContent, parseDataItem } from './data-item.ts';
import { ethereumAddress } from './ethereum.ts';
import { type ArweaveJwk, arweaveSigner, createDataItem, ethereumSigner, type Signer } from './signer.ts';
import { decodeTags, encodeTags } from './tags.ts';
import { readSignedItem, verifyDataItem } from './verify.ts';

const content: ItemContent = {
  target: '4QTyVpvWlwjfsYAvkTSIWjp5XVGf-Rg_Co8K1lPNbvo',
  anchor: '00000000000000000000000000000007',
  tags: [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Message' },
    { name: 'Größe', value: '✓ 1'.repeat(50) },
  ],
  data: 'hello\0world',
};

let jwk: ArweaveJwk;
let rsa: Signer;
const secret = randomBytes(32);
const ethereum = ethereumSigner(secret);

beforeAll(() => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
  jwk = privateKey.export({ format: 'jwk' }) as ArweaveJwk;
  rsa = arweaveSigner(jwk);
});

describe('against warp-arbundles', () => {
  test('its RSA items are read and verified', async () => {
    const theirs = createData(content.data as string, new ArweaveSigner(jwk), {
      target: content.target as string,
      anchor: content.anchor as string,
      tags: content.tags as { name: string; value: string }[],
    });
    await theirs.sign(new ArweaveSigner(jwk));
    const item = await readSignedItem(theirs.getRaw());
    expect(item.id).toBe(await theirs.id);
    expect(item.targetId).toBe(content.target);
    expect(Buffer.from(item.anchor).toString()).toBe(content.anchor);
    expect(item.tags).toEqual(content.tags);
    expect(Buffer.from(item.data).toString()).toBe(content.data);
    expect(item.ownerAddress).toBe(rsa.address);
  });

  test('it verifies ours', async () => {
    const item = await createDataItem(content, rsa);
    const theirs = new OracleItem(Buffer.from(item.raw));
    expect(await theirs.isValid()).toBe(true);
    expect(theirs.tags).toEqual(content.tags);
    expect(await theirs.id).toBe(item.id);
  });
});

describe('against arbundles', () => {
  test('Ethereum items, both ways', async () => {
    const signer = new EthereumSigner(secret.toString('hex'));
    const theirs = createOther('x', signer, { tags: [{ name: 'a', value: 'b' }] });
    await theirs.sign(signer);
    expect(await verifyDataItem(parseDataItem(theirs.getRaw()))).toBe(true);
    const ours = await createDataItem({ data: 'x' }, ethereum);
    expect(await OtherItem.verify(Buffer.from(ours.raw))).toBe(true);
  });

  test('Solana items are verified', async () => {
    const seed = randomBytes(32);
    const key = Buffer.concat([seed, ed25519.getPublicKey(seed)]);
    const signer = new HexSolanaSigner(base58.encode(key));
    const theirs = createOther('x', signer);
    await theirs.sign(signer);
    expect(await verifyDataItem(parseDataItem(theirs.getRaw()))).toBe(true);
  });
});

test('parsing and re-assembling gives the same fields for any content', async () => {
  const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
  const anyContent = fc.record(
    {
      target: fc.constant(content.target as string),
      anchor: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      tags: fc.array(fc.record({ name: text, value: text }), { maxLength: 10 }),
      data: fc.uint8Array({ maxLength: 200 }),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(anyContent, async (given) => {
      const made = await createDataItem(given as ItemContent, ethereum);
      const read = await readSignedItem(made.raw);
      expect(read.tags).toEqual(given.tags ?? []);
      expect(Buffer.from(read.data)).toEqual(Buffer.from(given.data ?? []));
      expect(Buffer.from(read.anchor)).toEqual(Buffer.from(given.anchor ?? []));
      expect(read.targetId).toBe(given.target ?? '');
    }),
    { numRuns: 50 },
  );
});

describe('hostile input', () => {
  let item: DataItem;
  beforeAll(async () => {
    item = await createDataItem(content, ethereum);
  });

  test('truncation at every offset is a typed error or an item whose signature does not hold', async () => {
    for (let length = 0; length < item.raw.length; length++) {
      const error = await readSignedItem(item.raw.subarray(0, length)).catch((reason: unknown) => reason);
      expect(error, `at ${length}`).toBeInstanceOf(AoError);
      expect((error as AoError).code).toMatch(/^ANS104\./);
    }
  });

  test('a changed byte anywhere is noticed', async () => {
    for (const position of [3, 70, 140, 170, 210, item.raw.length - 1]) {
      const changed = Uint8Array.from(item.raw);
      changed[position] = (changed[position] ?? 0) ^ 1;
      await expect(readSignedItem(changed)).rejects.toBeInstanceOf(AoError);
    }
  });

  test('random bytes never do anything but fail', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 4, 9),
        fc.uint8Array({ maxLength: 1500 }),
        async (type, bytes) => {
          const raw = Uint8Array.from([type, 0, ...bytes]);
          await expect(readSignedItem(raw)).rejects.toBeInstanceOf(AoError);
        },
      ),
    );
  });

  test.each([
    ['a tag name', { tags: [{ name: 'n'.repeat(1025), value: 'v' }] }],
    ['a tag value', { tags: [{ name: 'n', value: 'v'.repeat(3073) }] }],
    ['the number of tags', { tags: Array.from({ length: 129 }, () => ({ name: 'n', value: 'v' })) }],
    ['the tag section', { tags: Array.from({ length: 3 }, () => ({ name: 'n', value: 'v'.repeat(2000) })) }],
  ])('%s beyond the limit can neither be made nor read', async (_, over) => {
    await expect(createDataItem(over, ethereum)).rejects.toMatchObject({ code: 'ANS104.LIMIT' });
  });

  test('a wrong anchor length is refused', async () => {
    await expect(createDataItem({ anchor: 'short' }, ethereum)).rejects.toMatchObject({
      code: 'ANS104.FORMAT',
    });
  });

  test.each([0, 1, 26, 29])('Ethereum signatures with v = %i are refused', async (v) => {
    const changed = Uint8Array.from(item.raw);
    changed[2 + 64] = v;
    await expect(readSignedItem(changed)).rejects.toMatchObject({ code: 'ANS104.SIGNATURE' });
  });
});

describe('tags', () => {
  test('several Avro blocks and negative counts are legal', () => {
    const one = encodeTags([{ name: 'a', value: 'b' }]).subarray(1, -1);
    // Count -1 (zig-zag 1) followed by the block's size, then a block of count 1 (zig-zag 2), then the end.
    const bytes = Buffer.concat([
      Uint8Array.of(1, one.length * 2),
      one,
      Uint8Array.of(2),
      one,
      Uint8Array.of(0),
    ]);
    expect(decodeTags(bytes, 10)).toEqual([
      { name: 'a', value: 'b' },
      { name: 'a', value: 'b' },
    ]);
  });

  test('invalid UTF-8 is refused', () => {
    expect(() => decodeTags(Uint8Array.of(2, 2, 0xff, 2, 65, 0), 10)).toThrow('UTF-8');
  });

  test('huge counts do not allocate', () => {
    expect(() => decodeTags(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f, 0), DEFAULT_LIMITS.maxTags)).toThrow(
      expect.objectContaining({ code: 'ANS104.LIMIT' }),
    );
  });
});

test.each([
  ['nothing', {}],
  ['an Ed25519 key', generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })],
  [
    'a short RSA key',
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  ],
])('%s is not an Arweave wallet', (_, key) => {
  expect(() => arweaveSigner(key as ArweaveJwk)).toThrow(expect.objectContaining({ code: 'WALLET.INVALID' }));
});

test('bundles are split into what they were made of', async () => {
  const items = await Promise.all(['a', 'b', 'c'].map((data) => createDataItem({ data }, ethereum)));
  const body = createBundle(items);
  expect(parseBundle(body).map((entry) => entry.id)).toEqual(items.map((item) => item.id));
  expect(() => parseBundle(body.subarray(0, body.length - 1))).toThrow('shorter');
  const absurd = Buffer.from(body);
  absurd.writeBigUInt64LE(2n ** 62n, 0);
  expect(() => parseBundle(absurd)).toThrow('shorter');
});

test('an Ethereum address is checksummed', () => {
  // The key pair of the well-known development mnemonic's first account.
  const known = ethereumSigner(
    Buffer.from('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80', 'hex'),
  );
  expect(ethereumAddress(known.owner)).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266');
});
