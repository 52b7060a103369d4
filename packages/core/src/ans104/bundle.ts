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

/**
 * Splits a bundle body into its items, unparsed.
 * @throws AoError `ANS104.BUNDLE`
 */
export function parseBundle(body: Uint8Array): BundleEntry[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const broken = () =>
    new AoError('ANS104.BUNDLE', 'The bundle is shorter than its header says.', { action: 'fix' });
  if (bytes.length < 32) throw broken();
  const count = Number(bytes.readBigUInt64LE(0));
  let position = 32 + count * 64;
  if (position > bytes.length) throw broken();
  const entries: BundleEntry[] = [];
  for (let i = 0; i < count; i++) {
    const header = 32 + i * 64;
    const size = Number(bytes.readBigUInt64LE(header));
    if (position + size > bytes.length) throw broken();
    entries.push({
      id: toBase64url(bytes.subarray(header + 32, header + 64)),
      raw: body.subarray(position, position + size),
    });
    position += size;
  }
  return entries;
}
