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
  /** Bytes of each block. */
  blocks: z.array(z.number().int().nonnegative()),
});
export type SnapshotHeader = Pick<z.infer<typeof Header>, 'point' | 'previous'>;

const MAGIC = Buffer.from('ao-cu-2\n');
const CHECKSUM_BYTES = 32;
/** Blocks are worked on by several threads at once, each in memory the processor can keep close. */
const BLOCK_PAGES = 64;

/**
 * One snapshot, or what changed since another one, as the bytes of a file: magic, length of the header (u32 LE),
 * header (JSON), SHA-256 of all that, then the pages in the order of the header, in blocks of 64 (zstd frames, each with
 * its own checksum).
 */
export async function encodeSnapshotFile(
  { point, previous }: SnapshotHeader,
  { byteLength, changed, removed }: SnapshotChange,
): Promise<Buffer> {
  const blocks = await Promise.all(
    inBlocks([...changed.values()]).map((pages) =>
      compress(Buffer.concat(pages), { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    ),
  );
  const json = Buffer.from(
    JSON.stringify({
      point,
      previous,
      byteLength,
      changed: [...changed.keys()],
      removed,
      blocks: blocks.map(({ length }) => length),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const head = Buffer.concat([MAGIC, length, json]);
  return Buffer.concat([head, sha256(head), ...blocks]);
}

/** @throws AoError `SNAPSHOT.DAMAGED` for anything that is not, byte for byte, what was written */
export async function decodeSnapshotFile(
  bytes: Buffer,
): Promise<SnapshotHeader & { change: SnapshotChange }> {
  const { point, previous, byteLength, changed, removed, blocks, start } = readHeader(bytes);
  const numbers = inBlocks(changed);
  let end = start;
  const frames = blocks.map((length) => {
    end += length;
    return bytes.subarray(end - length, end);
  });
  if (end !== bytes.length || frames.length !== numbers.length) throw damaged();
  const contents = await Promise.all(
    frames.map((frame, index) => readBlock(frame, numbers[index] ?? [], byteLength)),
  );
  return { point, previous, change: { byteLength, changed: new Map(contents.flat()), removed } };
}

function readHeader(bytes: Buffer): z.infer<typeof Header> & { start: number } {
  const start = MAGIC.length + 4;
  if (bytes.length < start || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged();
  const end = start + bytes.readUInt32LE(MAGIC.length);
  const checksum = bytes.subarray(end, end + CHECKSUM_BYTES);
  if (!checksum.equals(sha256(bytes.subarray(0, end)))) throw damaged();
  return { ...Header.parse(JSON.parse(bytes.toString('utf8', start, end))), start: end + CHECKSUM_BYTES };
}

/** The pages with those numbers, on memory that all threads see. */
async function readBlock(
  frame: Buffer,
  numbers: readonly number[],
  byteLength: number,
): Promise<[number, Uint8Array][]> {
  const lengths = numbers.map((page) => Math.min(SNAPSHOT_PAGE, byteLength - page * SNAPSHOT_PAGE));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const content = await decompress(frame, { chunkSize: BLOCK_PAGES * SNAPSHOT_PAGE });
  if (content.length !== total) throw damaged();
  const shared = new SharedArrayBuffer(total);
  new Uint8Array(shared).set(content);
  let offset = 0;
  return numbers.map((page, index) => {
    const length = lengths[index] ?? 0;
    offset += length;
    return [page, new Uint8Array(shared, offset - length, length)];
  });
}

function inBlocks<T>(pages: readonly T[]): T[][] {
  const blocks: T[][] = [];
  for (let start = 0; start < pages.length; start += BLOCK_PAGES) {
    blocks.push(pages.slice(start, start + BLOCK_PAGES));
  }
  return blocks;
}

function damaged(): AoError {
  return new AoError('SNAPSHOT.DAMAGED', 'The snapshot file is damaged.', { action: 'never' });
}
