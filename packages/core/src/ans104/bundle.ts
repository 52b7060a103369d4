import { fromBase64url, toBase64url } from '../encoding.ts';
import { AoError } from '../errors.ts';
import type { DataItem } from './data-item.ts';

/** The body of an ANS-104 bundle: 32-byte little-endian count, then per item size and id, then the items. */
export function createBundle(items: readonly DataItem[]): Uint8Array {
  const number32 = (value: number) => {
    const bytes = Buffer.alloc(32);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  const headers = items.map((item) => Buffer.concat([number32(item.raw.length), fromBase64url(item.id)]));
  return Buffer.concat([number32(items.length), ...headers, ...items.map((item) => item.raw)]);
}

/** A member of a bundle: its id as announced in the header, and its bytes (a view of the bundle). */
export interface BundleEntry {
  id: string;
  raw: Uint8Array;
}

/** Bytes of the count that opens a bundle, and of each line of the table that follows it. */
export const BUNDLE_COUNT_BYTES = 32;
export const BUNDLE_LINE_BYTES = 64;

function broken(): AoError {
  return new AoError('ANS104.BUNDLE', 'The bundle is shorter than its header says.', { action: 'fix' });
}

/**
 * Number of items in a bundle of `size` bytes, from its first {@link BUNDLE_COUNT_BYTES} bytes.
 * @throws AoError `ANS104.BUNDLE` if the table alone would not fit
 */
export function bundleCount(head: Uint8Array, size: number): number {
  if (head.length < BUNDLE_COUNT_BYTES) throw broken();
  const count = number256(head);
  if (BUNDLE_COUNT_BYTES + count * BUNDLE_LINE_BYTES > size) throw broken();
  return count;
}

/**
 * The table of a bundle of `size` bytes: where each item starts and ends, in bytes from the start of the bundle.
 * @throws AoError `ANS104.BUNDLE` if an item would end after the bundle
 */
export function bundleTable(table: Uint8Array, size: number): { id: string; start: number; end: number }[] {
  const entries: { id: string; start: number; end: number }[] = [];
  let start = BUNDLE_COUNT_BYTES + table.length;
  for (let line = 0; line + BUNDLE_LINE_BYTES <= table.length; line += BUNDLE_LINE_BYTES) {
    const end = start + number256(table.subarray(line, line + 32));
    if (end > size) throw broken();
    entries.push({ id: toBase64url(table.subarray(line + 32, line + BUNDLE_LINE_BYTES)), start, end });
    start = end;
  }
  return entries;
}

// 32 bytes, little-endian. What is beyond the exact integers is beyond every bundle, too.
function number256(bytes: Uint8Array): number {
  let value = 0;
  for (let i = 31; i >= 0; i--) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

/**
 * Splits a bundle body into its items, unparsed.
 * @throws AoError `ANS104.BUNDLE`
 */
export function parseBundle(body: Uint8Array): BundleEntry[] {
  const count = bundleCount(body, body.length);
  const table = body.subarray(BUNDLE_COUNT_BYTES, BUNDLE_COUNT_BYTES + count * BUNDLE_LINE_BYTES);
  return bundleTable(table, body.length).map(({ id, start, end }) => ({
    id,
    raw: body.subarray(start, end),
  }));
}
