import type { FileStatus } from './file-system.ts';
import type { GuestMemory } from './guest-memory.ts';

/** The three layouts of C structures in the modules of the network: they came with different toolchains. */
export type Abi = 'old' | 'new' | 'wide';

interface StatLayout {
  readonly byteLength: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
  readonly blockSize: number;
  readonly blocks: number;
  readonly times: readonly number[];
  readonly inode: number;
}

const LAYOUTS: Record<Abi, StatLayout> = {
  old: {
    byteLength: 88,
    mode: 12,
    links: 16,
    size: 40,
    blockSize: 48,
    blocks: 52,
    times: [56, 64, 72],
    inode: 80,
  },
  new: {
    byteLength: 96,
    mode: 4,
    links: 8,
    size: 24,
    blockSize: 32,
    blocks: 36,
    times: [40, 56, 72],
    inode: 88,
  },
  wide: {
    byteLength: 104,
    mode: 4,
    links: 8,
    size: 32,
    blockSize: 40,
    blocks: 44,
    times: [48, 64, 80],
    inode: 96,
  },
};

const BLOCK = 4096;
// Files have no history worth telling: their times are the moment the clock of an evaluation starts.
const SECONDS = 10;

/** Writes a `struct stat`. */
export function writeStatus(memory: GuestMemory, abi: Abi, address: number, status: FileStatus): void {
  const layout = LAYOUTS[abi];
  const start = memory.unsigned(address);
  memory.writable(start, layout.byteLength).fill(0);
  memory.writeU32(start, 1);
  memory.writeU32(start + layout.mode, status.mode);
  memory.writePointer(start + layout.links, 1);
  memory.writeI64(start + layout.size, status.size);
  memory.writeU32(start + layout.blockSize, BLOCK);
  memory.writeU32(start + layout.blocks, Math.ceil(status.size / BLOCK));
  for (const offset of layout.times) {
    if (abi === 'old') memory.writeU32(start + offset, SECONDS);
    else memory.writeI64(start + offset, SECONDS);
  }
  memory.writeI64(start + layout.inode, status.inode);
}
