import type { BootedMemory } from './boot.ts';
import {
  CODE_SECTION,
  DATA_COUNT_SECTION,
  DATA_SECTION,
  dataSection,
  MEMORY_SECTION,
  memorySection,
  readSections,
  writeSections,
} from './wasm.ts';

const PAGE_BYTES = 65536;
/** A shorter run of zeros costs less as data than as the header of another block. */
const MIN_GAP_BYTES = 16;

function* usedBlocks({ memory, stackTop }: BootedMemory): Generator<{ address: number; bytes: Uint8Array }> {
  let start = -1;
  let end = -1;
  for (let at = stackTop; at < memory.length; at++) {
    if (memory[at] === 0) continue;
    if (start >= 0 && at - end > MIN_GAP_BYTES) {
      yield { address: start, bytes: memory.slice(start, end) };
      start = -1;
    }
    if (start < 0) start = at;
    end = at + 1;
  }
  if (start >= 0) yield { address: start, bytes: memory.slice(start, end) };
}

/**
 * A module whose instances start with the given memory. Nothing is compiled and nothing moves: the code is the runtime's,
 * only the data and the initial size of the memory are others.
 */
export function pack(runtime: Uint8Array, booted: BootedMemory): Uint8Array {
  const data = dataSection([...usedBlocks(booted)]);
  const sections = readSections(runtime)
    .filter((section) => section.id !== DATA_SECTION && section.id !== DATA_COUNT_SECTION)
    .map((section) => {
      if (section.id !== MEMORY_SECTION) return section;
      return { id: section.id, body: memorySection(section.body, booted.memory.length / PAGE_BYTES) };
    });
  const code = sections.findIndex((section) => section.id === CODE_SECTION);
  sections.splice(code + 1, 0, { id: DATA_SECTION, body: data });
  return writeSections(runtime, sections);
}
