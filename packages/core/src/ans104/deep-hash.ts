import { sha384 } from '../encoding.ts';

/** Stands for bytes that are not in memory: their count and their SHA-384. */
export interface BytesDigest {
  length: number;
  sha384: Uint8Array;
}

const SMALL = 1024;
const smallTags: Uint8Array[] = [];

// Most parts of an item have one of few lengths.
function lengthTag(length: number): Uint8Array {
  const known = smallTags[length];
  if (known) return known;
  const tag = sha384(Buffer.from(`blob${length}`));
  if (length < SMALL) smallTags[length] = tag;
  return tag;
}

const pair = Buffer.alloc(96);

function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 0);
  pair.set(right, 48);
  return sha384(pair);
}

function deepHashBlob(bytes: Uint8Array | BytesDigest): Uint8Array {
  return hashPair(lengthTag(bytes.length), bytes instanceof Uint8Array ? sha384(bytes) : bytes.sha384);
}

function fold(accumulator: Uint8Array, child: Uint8Array | BytesDigest): Uint8Array {
  return hashPair(accumulator, deepHashBlob(child));
}

/** Arweave deep hash (SHA-384, 48 bytes) of a flat list of byte strings. */
export function deepHash(list: readonly Uint8Array[]): Uint8Array {
  return list.reduce<Uint8Array>(fold, sha384(Buffer.from(`list${list.length}`)));
}

const prefixes = new Map<number, Uint8Array>();

// The first three of the eight elements depend on the signature type alone, so their fold is computed once.
function prefix(signatureType: number): Uint8Array {
  const known = prefixes.get(signatureType);
  if (known) return known;
  const head = ['dataitem', '1', String(signatureType)].map((text) => Buffer.from(text));
  const folded = head.reduce<Uint8Array>(fold, sha384(Buffer.from('list8')));
  prefixes.set(signatureType, folded);
  return folded;
}

/** The 48 bytes a data item's signature is made over. `rawTags` are the tag bytes exactly as on the wire. */
export function signatureMessage(item: {
  signatureType: number;
  owner: Uint8Array;
  target: Uint8Array;
  anchor: Uint8Array;
  rawTags: Uint8Array;
  data: Uint8Array | BytesDigest;
}): Uint8Array {
  const { owner, target, anchor, rawTags, data } = item;
  return [owner, target, anchor, rawTags, data].reduce<Uint8Array>(fold, prefix(item.signatureType));
}
