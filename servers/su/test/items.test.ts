import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { ownerAddress, toBase64url } from '@ao-ts/core';
import {
  arweaveSigner,
  assembleDataItem,
  createBundle,
  createDataItem,
  ed25519Signer,
  encodeContent,
  encodeTags,
  SignatureTypes,
  type Signer,
  signatureMessage,
  type Tag,
} from '@ao-ts/core/ans104';
import { generateWallet, MAX_BODY_BYTES } from '@ao-ts/server-kit';
import { TypedEthereumSigner } from '@dha-team/arbundles';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeArweave, messageItem, newSigner, type Rig, spawn, startScheduler } from './support.ts';

let arweave: FakeArweave;
let rig: Rig & AsyncDisposable;
let processId: string;
const user = newSigner();

beforeAll(async () => {
  arweave = await new FakeArweave().start();
  rig = await startScheduler({ arweave });
  processId = await spawn(rig);
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await arweave[Symbol.asyncDispose]();
});

const TAGS: Tag[] = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Type', value: 'Message' },
];

function solanaSigner(): Signer {
  const signer = ed25519Signer(generateKeyPairSync('ed25519').privateKey);
  const sign = (message: Uint8Array) => signer.sign(Buffer.from(Buffer.from(message).toString('hex')));
  return { ...signer, signatureType: SignatureTypes.solana, sign };
}

function typedEthereumSigner(): Signer {
  const signer = new TypedEthereumSigner(randomBytes(32).toString('hex'));
  return {
    signatureType: SignatureTypes.typedEthereum,
    owner: signer.publicKey,
    address: ownerAddress(signer.publicKey),
    sign: (message) => signer.sign(message),
  };
}

test.each([
  ['RSA', async () => arweaveSigner(await generateWallet())],
  ['Ed25519', () => ed25519Signer(generateKeyPairSync('ed25519').privateKey)],
  ['secp256k1', newSigner],
  ['Solana', solanaSigner],
  ['typed Ethereum', typedEthereumSigner],
])('signed with a key of %s is taken, and shown with the owner it came from', async (_name, generate) => {
  const signer = await generate();
  const item = await messageItem(processId, signer);
  expect((await rig.post(item)).status).toBe(200);
  const { message } = await rig.node(`/${item.id}`);
  expect(message?.owner).toEqual({ address: signer.address, key: toBase64url(signer.owner) });

  const raw = Buffer.from((await messageItem(processId, signer)).raw);
  raw.writeUInt8(raw.readUInt8(2) ^ 1, 2);
  expect((await rig.post(raw)).body.code).toBe('ANS104.SIGNATURE');
});

describe('tags', () => {
  const filled = (count: number): Tag[] => [
    ...TAGS,
    ...Array.from({ length: count - TAGS.length }, (_, index) => ({ name: `t${index}`, value: 'v' })),
  ];

  /** Posts a message whose tags are encoded in a way of their own. */
  async function postTags(rawTags: Uint8Array, count: number) {
    const content = encodeContent({ target: processId, data: randomBytes(8) }, user);
    const unsigned = { ...content, rawTags, tags: filled(count) };
    return rig.post(assembleDataItem(unsigned, await user.sign(signatureMessage(unsigned))));
  }

  test('may be 128', async () => {
    const { body } = await postTags(encodeTags(filled(128)), 128);
    expect((await rig.node(`/${body.id}`)).message?.tags).toEqual(filled(128));
  });

  test('may come in blocks, and in blocks that say their size', async () => {
    const [protocol, type] = TAGS.map((tag) => encodeTags([tag]).subarray(1, -1));
    if (!protocol || !type) return expect.unreachable();
    // One tag; one tag (-1), with the size of its block; none, the end.
    const rawTags = Buffer.concat(
      [[2], protocol, [1, type.length * 2], type, [0]].map((part) => Buffer.from(part)),
    );
    const { status, body } = await postTags(rawTags, 2);
    expect(status).toBe(200);
    expect((await rig.node(`/${body.id}`)).message?.tags).toEqual(TAGS);
  });

  test.each([
    ['more than 128', encodeTags(filled(129)), 129, 'ANS104.LIMIT'],
    ['a name of none', encodeTags([...TAGS, { name: '', value: 'v' }]), 3, 'ANS104.TAGS'],
    ['a value of none', encodeTags([...TAGS, { name: 'n', value: '' }]), 3, 'ANS104.TAGS'],
    [
      'a name of 1025 bytes',
      encodeTags([...TAGS, { name: 'n'.repeat(1025), value: 'v' }]),
      3,
      'ANS104.LIMIT',
    ],
    [
      'a value of 3073 bytes',
      encodeTags([...TAGS, { name: 'n', value: 'v'.repeat(3073) }]),
      3,
      'ANS104.LIMIT',
    ],
    ['fewer than it says', encodeTags(TAGS), 3, 'ANS104.TAGS'],
    ['bytes after their end', Buffer.concat([encodeTags(TAGS), Buffer.alloc(1)]), 2, 'ANS104.TAGS'],
  ])('with %s are refused', async (_what, rawTags, count, code) => {
    const { status, body } = await postTags(rawTags, count);
    expect([status, body.code]).toEqual([400, code]);
  });
});

test('as large as a body may be is taken', async () => {
  const { raw } = await messageItem(processId, user, { data: '' });
  const largest = await messageItem(processId, user, {
    data: Buffer.alloc(MAX_BODY_BYTES - raw.length, 'x'),
  });
  expect((await rig.post(largest)).status).toBe(200);
  expect((await rig.node(`/${largest.id}`)).message?.data).toHaveLength(MAX_BODY_BYTES - raw.length);
  const larger = await messageItem(processId, user, { data: Buffer.alloc(MAX_BODY_BYTES - raw.length + 1) });
  expect((await rig.post(larger)).status).toBe(413);
});

test('a message that carries a bundle is one message; a bundle alone is none', async () => {
  const inner = await messageItem(processId, user);
  const tags = [
    { name: 'Bundle-Format', value: 'binary' },
    { name: 'Bundle-Version', value: '2.0.0' },
  ];
  const carrier = await messageItem(processId, user, { tags, data: createBundle([inner]) });
  expect((await rig.post(carrier)).body.id).toBe(carrier.id);
  expect((await rig.get(`/${inner.id}`)).status).toBe(400);
  expect((await rig.post(inner)).status).toBe(200);

  const bundle = await createDataItem({ tags, data: createBundle([inner]) }, user);
  expect((await rig.post(bundle)).body.error).toBe('Type tag not present');
});
