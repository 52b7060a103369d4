import { createHash } from 'node:crypto';
import { AoError } from '@ao-ts/core';
import {
  type DataItem,
  DEFAULT_LIMITS,
  parseDataItem,
  signatureMessage,
  verifyDataItem,
} from '@ao-ts/core/ans104';
import type { ByteSource } from './byte-source.ts';

/** A data item somewhere in a source: what precedes its data, and where its data is. */
export interface SignedItem {
  /** Parsed from `header`: its `data` is empty. */
  item: DataItem;
  header: Uint8Array;
  dataStart: number;
  dataEnd: number;
}

const MAX_KEY_BYTES = 512;
const MAX_HEADER_BYTES = 2 + 2 * MAX_KEY_BYTES + 2 * 33 + 16 + DEFAULT_LIMITS.maxTagBytes;

/**
 * Reads the item between `start` and `end` and checks its signature, without holding its data in memory.
 * @throws AoError what `parseDataItem` throws, and `ANS104.SIGNATURE`
 */
export async function readSignedItem(source: ByteSource, start: number, end: number): Promise<SignedItem> {
  const head = await source.read(start, Math.min(end, start + MAX_HEADER_BYTES));
  const headerBytes = head.length - parseDataItem(head).data.length;
  // A copy: `head` may be a view of a whole upload, which would stay in memory with it.
  const header = head.slice(0, headerBytes);
  const item = parseDataItem(header);
  const dataStart = start + headerBytes;
  const hash = createHash('sha384');
  for await (const bytes of source.stream(dataStart, end)) hash.update(bytes);
  const data = { length: end - dataStart, sha384: hash.digest() };
  const { signatureType, owner, target, anchor, rawTags } = item;
  const message = signatureMessage({ signatureType, owner, target, anchor, rawTags, data });
  if (!(await verifyDataItem(item, message))) {
    throw new AoError(
      'ANS104.SIGNATURE',
      `The signature of data item ${item.id} is not valid: the item was changed after it was signed.`,
      { action: 'fix', facts: { id: item.id } },
    );
  }
  return { item, header, dataStart, dataEnd: end };
}
