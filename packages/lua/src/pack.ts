import type { BootedMemory } from './boot.ts';
import {
  CODE_SECTION,
  DATA_COUNT_SECTION,
  DATA_SECTION,
  dataSection,
  isWide,
  MEMORY_SECTION,
  memorySection,
  readSections,
  writeSections,
} from './wasm.ts';

const PAGE_BYTES = 65536;
/** Engines refuse modules with more than 100 000 blocks of data. */
const MAX_BLOCKS = 50_000;

interface Block {
  address: number;
  bytes: Uint8Array;
}

/** The parts of the memory that are not zero. A gap of up to `minGap` zeros is kept in the block. */
function usedBlocks({ memory, stackTop }: BootedMemory, minGap: number): Block[] {
  const blocks: Block[] = [];
  let start = -1;
  let end = -1;
  const finish = () => {
    if (start >= 0) blocks.push({ address: start, bytes: memory.subarray(start, end) });
  };
  for (let at = stackTop; at < memory.length; at++) {
    if (memory[at] === 0) continue;
    if (start < 0 || at - end > minGap) {
      finish();
      start = at;
    }
    end = at + 1;
  }
  finish();
  return blocks;
}

/** A shorter run of zeros costs less as data than as the header of another block. */
function dataOf(booted: BootedMemory, wide: boolean): Uint8Array {
  for (let minGap = 16; ; minGap *= 4) {
    const blocks = usedBlocks(booted, minGap);
    if (blocks.length <= MAX_BLOCKS) return dataSection(blocks, wide);
  }
}

/**
 * A module whose instances start with the given memory, and may have up to `maximumMemory` bytes. Nothing is compiled and
 * nothing moves: the code is the runtime's, only the data and the sizes of the memory are others.
 */
export function pack(runtime: Uint8Array, booted: BootedMemory, maximumMemory?: number): Uint8Array {
  const maximum = maximumMemory && maximumMemory / PAGE_BYTES;
  const sections = readSections(runtime)
    .filter((section) => section.id !== DATA_SECTION && section.id !== DATA_COUNT_SECTION)
    .map((section) => {
      if (section.id !== MEMORY_SECTION) return section;
      return {
        id: section.id,
        body: memorySection(section.body, booted.memory.length / PAGE_BYTES, maximum),
      };
    });
  const code = sections.findIndex((section) => section.id === CODE_SECTION);
  sections.splice(code + 1, 0, { id: DATA_SECTION, body: dataOf(booted, isWide(runtime)) });
  return writeSections(runtime, sections);
}
