import { AoError } from '../errors.ts';

/** Bytes of one unit of a snapshot. */
export const SNAPSHOT_PAGE = 16_384;

/**
 * The content of a memory at one moment: its size in bytes and the pages that are not all zero, by page number.
 * Pages are never written to again, so snapshots share those that did not change.
 */
export interface Snapshot {
  readonly byteLength: number;
  readonly pages: ReadonlyMap<number, Uint8Array>;
}

const ZEROS = Buffer.alloc(SNAPSHOT_PAGE);

/** Takes a snapshot of `memory`; pages equal to those of `previous` are shared with it instead of copied. */
export function takeSnapshot(memory: Uint8Array, previous?: Snapshot): Snapshot {
  const pages = new Map<number, Uint8Array>();
  for (let page = 0; page * SNAPSHOT_PAGE < memory.length; page++) {
    const content = readPage(memory, page, previous?.pages.get(page));
    if (content) pages.set(page, content);
  }
  return { byteLength: memory.length, pages };
}

/** What a snapshot holds of a page: `before` if nothing changed, nothing if it is all zero. */
function readPage(memory: Uint8Array, page: number, before: Uint8Array | undefined): Uint8Array | undefined {
  const start = page * SNAPSHOT_PAGE;
  const end = Math.min(memory.length, start + SNAPSHOT_PAGE);
  const bytes = asBuffer(memory);
  if (before && before.length === end - start && same(bytes, start, end, before)) return before;
  return same(bytes, start, end, ZEROS) ? undefined : memory.slice(start, end);
}

/**
 * Makes `memory` hold exactly what the snapshot holds. Only pages that differ are written, so that the zero pages
 * of a large memory stay untouched. The sizes must be equal. If `current` is given, the memory is known to hold
 * zeros outside its pages, and these are not even read.
 */
export function applySnapshot(memory: Uint8Array, snapshot: Snapshot, current?: Snapshot): void {
  if (memory.length !== snapshot.byteLength) {
    throw damaged(`a snapshot of ${snapshot.byteLength} bytes does not fit a memory of ${memory.length}`);
  }
  const bytes = asBuffer(memory);
  const count = Math.ceil(bytes.length / SNAPSHOT_PAGE);
  const pages = current ? new Set([...current.pages.keys(), ...snapshot.pages.keys()]) : Array(count).keys();
  for (const page of pages) {
    const start = page * SNAPSHOT_PAGE;
    const end = Math.min(bytes.length, start + SNAPSHOT_PAGE);
    const content = snapshot.pages.get(page) ?? ZEROS;
    const zero = current !== undefined && !current.pages.has(page);
    if (zero || !same(bytes, start, end, content)) memory.set(content.subarray(0, end - start), start);
  }
}

/** The whole memory as one array: what a checkpoint on Arweave carries. */
export function snapshotToMemory(snapshot: Snapshot): Uint8Array {
  const memory = new Uint8Array(snapshot.byteLength);
  for (const [page, content] of snapshot.pages) memory.set(content, page * SNAPSHOT_PAGE);
  return memory;
}

const MAGIC = Buffer.from('ao-snap1', 'latin1');
const HEADER = MAGIC.length + 16;

/**
 * A snapshot as bytes, for a disk: `ao-snap1`, the memory size and the number of pages (u64 little-endian each),
 * then each page as its number (u64) and its content.
 */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  let length = HEADER;
  for (const content of snapshot.pages.values()) length += 8 + content.length;
  const out = Buffer.alloc(length);
  out.set(MAGIC);
  out.writeBigUInt64LE(BigInt(snapshot.byteLength), MAGIC.length);
  out.writeBigUInt64LE(BigInt(snapshot.pages.size), MAGIC.length + 8);
  let offset = HEADER;
  for (const [page, content] of snapshot.pages) {
    out.writeBigUInt64LE(BigInt(page), offset);
    out.set(content, offset + 8);
    offset += 8 + content.length;
  }
  return out;
}

/** The inverse of {@link encodeSnapshot}. Throws `LOADER.RESTORE` for anything it did not write. */
export function decodeSnapshot(encoded: Uint8Array): Snapshot {
  const bytes = asBuffer(encoded);
  if (bytes.length < HEADER || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw damaged('this is no snapshot');
  const byteLength = Number(bytes.readBigUInt64LE(MAGIC.length));
  const count = Number(bytes.readBigUInt64LE(MAGIC.length + 8));
  const pages = new Map<number, Uint8Array>();
  let offset = HEADER;
  for (let index = 0; index < count; index++) {
    if (offset + 8 > bytes.length) throw damaged('the snapshot is cut off');
    const page = Number(bytes.readBigUInt64LE(offset));
    const length = Math.min(SNAPSHOT_PAGE, byteLength - page * SNAPSHOT_PAGE);
    offset += 8;
    if (!(length > 0) || pages.has(page)) throw damaged(`page ${page} does not belong in this snapshot`);
    if (offset + length > bytes.length) throw damaged('the snapshot is cut off');
    pages.set(page, encoded.slice(offset, offset + length));
    offset += length;
  }
  if (offset !== bytes.length) throw damaged('bytes follow the last page');
  return { byteLength, pages };
}

export function damaged(reason: string): AoError {
  return new AoError('LOADER.RESTORE', `The memory can not be restored: ${reason}.`, { action: 'fix' });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function same(bytes: Buffer, start: number, end: number, other: Uint8Array): boolean {
  return bytes.compare(other, 0, end - start, start, end) === 0;
}
