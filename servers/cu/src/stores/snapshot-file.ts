import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
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

const MAGIC = Buffer.from('ao-cu-3\n');
const CHECKSUM_BYTES = 32;
const LENGTH_BYTES = 4;
/** Blocks are worked on by several threads at once, each in memory the processor can keep close. */
const BLOCK_PAGES = 64;
/** As many as there are threads for such work. More at a time only means more fresh memory, which is slow. */
const AT_A_TIME = 4;

/**
 * One snapshot, or what changed since another one, as the bytes of a file: magic, length of the header (u32 LE),
 * header (JSON), SHA-256 of all that, then the pages in the order of the header, in blocks of 64: each its length
 * (u32 LE) and a zstd frame with its own checksum.
 */
export async function* encodeSnapshotFile(
  { point, previous }: SnapshotHeader,
  { byteLength, changed, removed }: SnapshotChange,
): AsyncGenerator<Buffer> {
  const json = JSON.stringify({ point, previous, byteLength, changed: [...changed.keys()], removed });
  const head = Buffer.concat([MAGIC, lengthPrefixed(Buffer.from(json))]);
  yield Buffer.concat([head, sha256(head)]);
  const buffers: Buffer[] = [];
  for (const blocks of groups(groups([...changed.values()], BLOCK_PAGES), AT_A_TIME)) {
    const frames = blocks.map((pages, index) => {
      buffers[index] ??= Buffer.alloc(pages.length * SNAPSHOT_PAGE);
      return compressBlock(pages, buffers[index]);
    });
    for (const frame of await Promise.all(frames)) yield lengthPrefixed(frame);
  }
}

/** @throws AoError `SNAPSHOT.DAMAGED` for anything that is not, byte for byte, what was written */
export async function decodeSnapshotFile(
  bytes: Buffer,
): Promise<SnapshotHeader & { change: SnapshotChange }> {
  const { header, end } = readHeader(bytes);
  const { point, previous, byteLength, removed } = header;
  const lengthOf = (page: number) => Math.min(SNAPSHOT_PAGE, byteLength - page * SNAPSHOT_PAGE);
  const total = header.changed.reduce((sum, page) => sum + lengthOf(page), 0);
  // In one piece: a piece for each page or block takes several times as long.
  const shared = new Uint8Array(new SharedArrayBuffer(total));
  const pages = new Map<number, Uint8Array>();
  let filled = 0;
  let offset = end;
  for (const blocks of groups(groups(header.changed, BLOCK_PAGES), AT_A_TIME)) {
    const contents = blocks.map((numbers) => {
      const frame = readPrefixed(bytes, offset);
      offset += LENGTH_BYTES + frame.length;
      const start = filled;
      for (const page of numbers) {
        pages.set(page, shared.subarray(filled, filled + lengthOf(page)));
        filled += lengthOf(page);
      }
      return decompressBlock(frame, shared.subarray(start, filled));
    });
    await Promise.all(contents);
  }
  if (offset !== bytes.length) throw damaged();
  return { point, previous, change: { byteLength, changed: pages, removed } };
}

function readHeader(bytes: Buffer): { header: z.infer<typeof Header>; end: number } {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged();
  const json = readPrefixed(bytes, MAGIC.length);
  const end = MAGIC.length + LENGTH_BYTES + json.length;
  const checksum = bytes.subarray(end, end + CHECKSUM_BYTES);
  if (!checksum.equals(sha256(bytes.subarray(0, end)))) throw damaged();
  return { header: Header.parse(JSON.parse(json.toString())), end: end + CHECKSUM_BYTES };
}

/** `buffer` holds the block while it is compressed: zlib does not take views of shared memory. */
function compressBlock(pages: readonly Uint8Array[], buffer: Buffer): Promise<Buffer> {
  let length = 0;
  for (const page of pages) {
    buffer.set(page, length);
    length += page.length;
  }
  return compress(buffer.subarray(0, length), {
    chunkSize: length + 1024,
    params: { [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

async function decompressBlock(frame: Buffer, into: Uint8Array): Promise<void> {
  // A little larger than the content, so that it comes in one piece.
  const content = await decompress(frame, { chunkSize: into.length + 1024 });
  if (content.length !== into.length) throw damaged();
  into.set(content);
}

function lengthPrefixed(content: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(content.length);
  return Buffer.concat([length, content]);
}

function readPrefixed(bytes: Buffer, offset: number): Buffer {
  const start = offset + LENGTH_BYTES;
  if (start > bytes.length) throw damaged();
  const end = start + bytes.readUInt32LE(offset);
  if (end > bytes.length) throw damaged();
  return bytes.subarray(start, end);
}

function groups<T>(all: readonly T[], size: number): T[][] {
  const found: T[][] = [];
  for (let start = 0; start < all.length; start += size) found.push(all.slice(start, start + size));
  return found;
}

function damaged(): AoError {
  return new AoError('SNAPSHOT.DAMAGED', 'The snapshot file is damaged.', { action: 'never' });
}
