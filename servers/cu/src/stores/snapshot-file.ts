import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { AoError, sha256 } from '@ao-ts/core';
import { SNAPSHOT_PAGE } from '@ao-ts/core/loader';
import { z } from 'zod';
import type { SnapshotChange } from '../worker/snapshot-change.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const Header = z.object({
  point: z.object({
    nonce: z.number(),
    timestamp: z.number(),
    blockHeight: z.number(),
    epoch: z.number(),
    assignmentId: z.string(),
    hashChain: z.string(),
    crons: z
      .object({
        left: z.object({ timestamp: z.number(), blockHeight: z.number() }),
        second: z.number(),
        secondIndex: z.number(),
        block: z.number(),
        blockIndex: z.number(),
      })
      .optional(),
  }),
  /** Name of the file this one builds on; null if it is whole by itself. */
  previous: z.string().nullable(),
  byteLength: z.number().int().nonnegative(),
  changed: z.array(z.number().int().nonnegative()),
  removed: z.array(z.number().int().nonnegative()),
});
export type SnapshotHeader = Pick<z.infer<typeof Header>, 'point' | 'previous'>;

const MAGIC = Buffer.from('ao-cu-1\n');
const CHECKSUM_BYTES = 32;

/**
 * One snapshot, or what changed since another one, as the bytes of a file: magic, length of the header (u32 LE),
 * header (JSON), pages in the order of the header (zstd), SHA-256 of all that.
 */
export async function encodeSnapshotFile(header: SnapshotHeader, change: SnapshotChange): Promise<Buffer> {
  const { point, previous } = header;
  const json = Buffer.from(
    JSON.stringify({
      point,
      previous,
      byteLength: change.byteLength,
      changed: [...change.changed.keys()],
      removed: change.removed,
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const pages = await compress(Buffer.concat([...change.changed.values()]));
  const content = Buffer.concat([MAGIC, length, json, pages]);
  return Buffer.concat([content, sha256(content)]);
}

/** @throws AoError `SNAPSHOT.DAMAGED` for anything that is not, byte for byte, what was written */
export async function decodeSnapshotFile(
  bytes: Buffer,
): Promise<SnapshotHeader & { change: SnapshotChange }> {
  const content = bytes.subarray(0, -CHECKSUM_BYTES);
  const start = MAGIC.length + 4;
  if (content.length < start || !content.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged();
  if (!bytes.subarray(-CHECKSUM_BYTES).equals(sha256(content))) throw damaged();
  const end = start + content.readUInt32LE(MAGIC.length);
  const header = Header.parse(JSON.parse(content.toString('utf8', start, end)));
  const pages = await decompress(content.subarray(end));
  const changed = new Map<number, Uint8Array>();
  let offset = 0;
  for (const page of header.changed) {
    const length = Math.min(SNAPSHOT_PAGE, header.byteLength - page * SNAPSHOT_PAGE);
    const shared = new Uint8Array(new SharedArrayBuffer(length));
    shared.set(pages.subarray(offset, offset + length));
    changed.set(page, shared);
    offset += length;
  }
  const { point, previous, byteLength, removed } = header;
  return { point, previous, change: { byteLength, changed, removed } };
}

function damaged(): AoError {
  return new AoError('SNAPSHOT.DAMAGED', 'The snapshot file is damaged.', { action: 'never' });
}
