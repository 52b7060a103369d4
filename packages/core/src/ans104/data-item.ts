import { fromBase64url, ownerAddress, sha256, toBase64url } from '../encoding.ts';
import { AoError } from '../errors.ts';
import { signatureTypeInfo } from './signature-types.ts';
import { decodeTags, encodeTags, type Tag, tagValue } from './tags.ts';

/** Bounds of ANS-104 and of the bundlers that have to take the item later. */
export interface ItemLimits {
  maxTags: number;
  maxTagNameBytes: number;
  maxTagValueBytes: number;
  maxTagBytes: number;
}

export const DEFAULT_LIMITS: ItemLimits = {
  maxTags: 128,
  maxTagNameBytes: 1024,
  maxTagValueBytes: 3072,
  maxTagBytes: 4096,
};

/** For what was accepted once, and is read back. */
export const NO_LIMITS: ItemLimits = {
  maxTags: Number.POSITIVE_INFINITY,
  maxTagNameBytes: Number.POSITIVE_INFINITY,
  maxTagValueBytes: Number.POSITIVE_INFINITY,
  maxTagBytes: Number.POSITIVE_INFINITY,
};

interface Fields {
  raw: Uint8Array;
  signatureType: number;
  signature: Uint8Array;
  owner: Uint8Array;
  target: Uint8Array;
  anchor: Uint8Array;
  tags: Tag[];
  rawTags: Uint8Array;
  data: Uint8Array;
}

/**
 * A signed ANS-104 data item. All byte fields are views of {@link DataItem.raw}, the bytes as received:
 * they are what is verified, stored and passed on, never a re-encoding.
 */
export class DataItem {
  readonly raw: Uint8Array;
  readonly signatureType: number;
  readonly signature: Uint8Array;
  /** Public key bytes. */
  readonly owner: Uint8Array;
  /** 32 bytes, or none. */
  readonly target: Uint8Array;
  /** 32 bytes, or none. */
  readonly anchor: Uint8Array;
  readonly tags: readonly Tag[];
  readonly rawTags: Uint8Array;
  readonly data: Uint8Array;
  #id: string | undefined;
  #ownerAddress: string | undefined;

  constructor(fields: Fields) {
    this.raw = fields.raw;
    this.signatureType = fields.signatureType;
    this.signature = fields.signature;
    this.owner = fields.owner;
    this.target = fields.target;
    this.anchor = fields.anchor;
    this.tags = fields.tags;
    this.rawTags = fields.rawTags;
    this.data = fields.data;
  }

  /** base64url(SHA-256(signature)). */
  get id(): string {
    this.#id ??= toBase64url(sha256(this.signature));
    return this.#id;
  }

  /** base64url(SHA-256(owner)), for every key type. */
  get ownerAddress(): string {
    this.#ownerAddress ??= ownerAddress(this.owner);
    return this.#ownerAddress;
  }

  /** base64url of the target, or the empty string. */
  get targetId(): string {
    return toBase64url(this.target);
  }

  /** Value of the first tag called `name`. */
  tag(name: string): string | undefined {
    return tagValue(this.tags, name);
  }
}

function truncated(what: string): AoError {
  return new AoError(
    'ANS104.TRUNCATED',
    `The data item ends before its ${what}: send the whole signed ANS-104 item as the body.`,
    { action: 'fix', facts: { missing: what } },
  );
}

/**
 * Parses a data item without verifying its signature. The result refers to `raw`; do not change it afterwards.
 * @throws AoError `ANS104.TRUNCATED`, `ANS104.SIGNATURE_TYPE`, `ANS104.FORMAT`, `ANS104.TAGS`, `ANS104.LIMIT`
 */
export function parseDataItem(raw: Uint8Array, limits: ItemLimits = DEFAULT_LIMITS): DataItem {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  let position = 0;
  const take = (length: number, what: string): Uint8Array => {
    if (position + length > raw.length) throw truncated(what);
    const bytes = raw.subarray(position, position + length);
    position += length;
    return bytes;
  };
  const optional32 = (what: string): Uint8Array => {
    const [present] = take(1, what);
    if (present === 0) return raw.subarray(position, position);
    if (present === 1) return take(32, what);
    throw new AoError('ANS104.FORMAT', `The presence byte of the ${what} must be 0 or 1, not ${present}.`, {
      action: 'fix',
    });
  };
  const u64 = (what: string): number => {
    const at = position;
    take(8, what);
    const value = view.getBigUint64(at, true);
    // Anything beyond the item's own size is caught by the next bounds check.
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
  };

  take(2, 'signature type');
  const signatureType = view.getUint16(0, true);
  const info = signatureTypeInfo(signatureType);
  if (!info) {
    throw new AoError('ANS104.SIGNATURE_TYPE', `Signature type ${signatureType} is not supported.`, {
      action: 'fix',
      facts: { signatureType },
    });
  }
  const signature = take(info.signatureLength, 'signature');
  const owner = take(info.ownerLength, 'owner');
  const target = optional32('target');
  const anchor = optional32('anchor');
  const tagCount = u64('tag count');
  const tagBytes = u64('tag size');
  if (tagBytes > limits.maxTagBytes) throw limit('tag section', tagBytes, limits.maxTagBytes);
  const rawTags = take(tagBytes, 'tags');
  const tags = decodeTags(rawTags, limits.maxTags);
  if (tags.length !== tagCount) {
    throw new AoError(
      'ANS104.TAGS',
      `invalid tag encoding: ${tagCount} tags announced, ${tags.length} found`,
      {
        action: 'fix',
      },
    );
  }
  for (const tag of tags) checkTag(tag, limits);
  const data = raw.subarray(position);
  return new DataItem({ raw, signatureType, signature, owner, target, anchor, tags, rawTags, data });
}

function limit(what: string, size: number, max: number): AoError {
  return new AoError('ANS104.LIMIT', `The ${what} has ${size} bytes; ${max} are allowed.`, {
    action: 'fix',
    facts: { size, max },
  });
}

function checkTag(tag: Tag, limits: ItemLimits): void {
  const nameBytes = Buffer.byteLength(tag.name);
  const valueBytes = Buffer.byteLength(tag.value);
  if (nameBytes === 0 || valueBytes === 0) {
    throw new AoError(
      'ANS104.TAGS',
      `Tag '${tag.name}' has an empty name or value; ANS-104 does not allow it.`,
      {
        action: 'fix',
      },
    );
  }
  if (nameBytes > limits.maxTagNameBytes) throw limit('name of a tag', nameBytes, limits.maxTagNameBytes);
  if (valueBytes > limits.maxTagValueBytes) {
    throw limit(`value of tag '${tag.name}'`, valueBytes, limits.maxTagValueBytes);
  }
}

/** What goes into a new data item. */
export interface ItemContent {
  /** Id of the process or wallet addressed (base64url of 32 bytes). */
  target?: string;
  /** Exactly 32 bytes; text is taken as UTF-8. */
  anchor?: Uint8Array | string;
  tags?: readonly Tag[];
  data?: Uint8Array | string;
}

export interface UnsignedItem {
  signatureType: number;
  owner: Uint8Array;
  target: Uint8Array;
  anchor: Uint8Array;
  tags: Tag[];
  rawTags: Uint8Array;
  data: Uint8Array;
}

/**
 * Checks and encodes the content of an item for the given key.
 * @throws AoError `ANS104.FORMAT` (target or anchor not 32 bytes), `ANS104.TAGS`, `ANS104.LIMIT`
 */
export function encodeContent(
  content: ItemContent,
  key: { signatureType: number; owner: Uint8Array },
  limits: ItemLimits = DEFAULT_LIMITS,
): UnsignedItem {
  const target = content.target ? fromBase64url(content.target) : new Uint8Array(0);
  const anchor =
    typeof content.anchor === 'string' ? Buffer.from(content.anchor) : (content.anchor ?? new Uint8Array(0));
  for (const [what, bytes] of [
    ['target', target],
    ['anchor', anchor],
  ] as const) {
    if (bytes.length !== 0 && bytes.length !== 32) {
      throw new AoError(
        'ANS104.FORMAT',
        `The ${what} of a data item has 32 bytes; this one has ${bytes.length}.`,
        {
          action: 'fix',
        },
      );
    }
  }
  const tags = content.tags?.map(({ name, value }) => ({ name, value })) ?? [];
  if (tags.length > limits.maxTags) {
    throw new AoError('ANS104.LIMIT', `The item has ${tags.length} tags; ${limits.maxTags} are allowed.`, {
      action: 'fix',
    });
  }
  for (const tag of tags) checkTag(tag, limits);
  const rawTags = encodeTags(tags);
  if (rawTags.length > limits.maxTagBytes) throw limit('tag section', rawTags.length, limits.maxTagBytes);
  const data =
    typeof content.data === 'string' ? Buffer.from(content.data) : (content.data ?? new Uint8Array(0));
  return { signatureType: key.signatureType, owner: key.owner, target, anchor, tags, rawTags, data };
}

/** Joins an encoded item and its signature into the bytes that travel. */
export function assembleDataItem(item: UnsignedItem, signature: Uint8Array): DataItem {
  const head = Buffer.alloc(2);
  head.writeUInt16LE(item.signatureType);
  const sizes = Buffer.alloc(16);
  sizes.writeBigUInt64LE(BigInt(item.tags.length), 0);
  sizes.writeBigUInt64LE(BigInt(item.rawTags.length), 8);
  const optional = (bytes: Uint8Array) => [Uint8Array.of(bytes.length ? 1 : 0), bytes];
  const raw = Buffer.concat([
    head,
    signature,
    item.owner,
    ...optional(item.target),
    ...optional(item.anchor),
    sizes,
    item.rawTags,
    item.data,
  ]);
  return new DataItem({ ...item, raw, signature });
}
