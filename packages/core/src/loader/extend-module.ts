import { ByteWriter } from './byte-writer.ts';
import { ByteReader, unsignedLeb } from './bytes.ts';
import { OP, readInstruction } from './instructions.ts';
import { readInterface, readSections, type Section } from './module-interface.ts';

const SECTION = { memory: 5, global: 6, export: 7, code: 10, dataCount: 12, tag: 13 } as const;
const KIND_GLOBAL = 3;
const MUTABLE = 1;
// A 32-bit memory may not even declare more.
const MEMORY32_PAGES = 65_536;
const NUMERIC_TYPES: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c]);

export interface Extension {
  /** Encoded globals to append. */
  readonly globals?: readonly (readonly number[])[];
  /** Globals to export under new names. */
  readonly exports?: readonly { readonly name: string; readonly index: number }[];
  /** Rewrites the instructions of a function (without its locals). */
  readonly rewrite?: (code: ByteReader, out: ByteWriter) => void;
  /** Lowers the largest size of the memory, in pages. */
  readonly maximumPages?: number;
}

interface GlobalInfo {
  readonly index: number;
  readonly mutableNumber: boolean;
}

/**
 * A copy of a binary with more globals and exports. Everything new is appended, so no index in the module changes.
 */
export function extendModule(binary: Uint8Array, extension: Extension): Uint8Array {
  const out = new ByteWriter().append(binary.subarray(0, 8));
  const added = new Set<number>();
  const sections = readSections(binary);
  const addMissing = (next: number) => {
    for (const id of [SECTION.global, SECTION.export]) {
      if (position(id) >= position(next) || added.has(id) || sections.some((section) => section.id === id))
        continue;
      added.add(id);
      const entries = id === SECTION.global ? (extension.globals ?? []) : encodedExports(extension);
      if (entries.length > 0) writeSection(out, id, [unsignedLeb(entries.length), ...entries]);
    }
  };
  for (const section of sections) {
    if (section.id !== 0) addMissing(section.id);
    writeExtended(out, binary, section, extension);
  }
  addMissing(Number.POSITIVE_INFINITY);
  return out.bytes.slice();
}

/** Where a section stands in a module: two came later than their place in the order. */
function position(id: number): number {
  if (id === SECTION.tag) return SECTION.memory + 0.5;
  if (id === SECTION.dataCount) return SECTION.code - 0.5;
  return id;
}

/** The globals of a module that are its own and no constants, by index; and how many globals there are. */
export function readGlobals(binary: Uint8Array): { count: number; mutable: number[] } {
  const { importedGlobals } = readInterface(binary);
  const section = readSections(binary).find(({ id }) => id === SECTION.global);
  if (!section) return { count: importedGlobals, mutable: [] };
  const reader = new ByteReader(binary, section.content, section.end);
  let index = importedGlobals;
  const globals = reader.vector((): GlobalInfo => {
    const type = reader.byte();
    if (type === 0x63 || type === 0x64) reader.skipInteger();
    const mutable = reader.byte() === MUTABLE;
    while (readInstruction(reader) !== OP.end);
    return { index: index++, mutableNumber: mutable && NUMERIC_TYPES.has(type) };
  });
  return {
    count: index,
    mutable: globals.filter((global) => global.mutableNumber).map((global) => global.index),
  };
}

function writeExtended(out: ByteWriter, binary: Uint8Array, section: Section, extension: Extension): void {
  const content = binary.subarray(section.content, section.end);
  if (section.id === SECTION.global && extension.globals?.length) {
    writeSection(out, section.id, appended(content, extension.globals));
  } else if (section.id === SECTION.export && extension.exports?.length) {
    writeSection(out, section.id, appended(content, encodedExports(extension)));
  } else if (section.id === SECTION.memory && extension.maximumPages !== undefined) {
    writeSection(out, section.id, limitedMemories(content, extension.maximumPages));
  } else if (section.id === SECTION.code && extension.rewrite) {
    writeSection(out, section.id, [rewrittenCode(content, extension.rewrite)]);
  } else {
    out.append(binary.subarray(section.start, section.end));
  }
}

function writeSection(out: ByteWriter, id: number, parts: readonly ArrayLike<number>[]): void {
  const length = parts.reduce((total, part) => total + part.length, 0);
  out.append([id, ...unsignedLeb(length)]);
  for (const part of parts) out.append(part);
}

function appended(content: Uint8Array, entries: readonly (readonly number[])[]): ArrayLike<number>[] {
  const reader = new ByteReader(content);
  const count = reader.unsigned();
  return [unsignedLeb(count + entries.length), content.subarray(reader.offset), ...entries];
}

function encodedExports({ exports = [] }: Extension): number[][] {
  return exports.map(({ name, index }) => {
    const bytes = Buffer.from(name, 'utf8');
    return [...unsignedLeb(bytes.length), ...bytes, KIND_GLOBAL, ...unsignedLeb(index)];
  });
}

function limitedMemories(content: Uint8Array, maximumPages: number): ArrayLike<number>[] {
  const reader = new ByteReader(content);
  const memories = reader.vector(() => {
    const flags = reader.byte();
    const initial = reader.unsigned();
    const addressable = flags & 4 ? maximumPages : Math.min(MEMORY32_PAGES, maximumPages);
    const maximum = Math.min(flags & 1 ? reader.unsigned() : addressable, addressable);
    return [flags | 1, ...unsignedLeb(initial), ...unsignedLeb(maximum)];
  });
  return [unsignedLeb(memories.length), ...memories];
}

function rewrittenCode(content: Uint8Array, rewrite: NonNullable<Extension['rewrite']>): Uint8Array {
  const reader = new ByteReader(content);
  const out = new ByteWriter();
  const body = new ByteWriter();
  const count = reader.unsigned();
  out.append(unsignedLeb(count));
  for (let index = 0; index < count; index++) {
    const length = reader.unsigned();
    const start = reader.offset;
    reader.skip(length);
    const code = new ByteReader(content, start, reader.offset);
    skipLocals(code);
    body.clear();
    body.append(content.subarray(start, code.offset));
    rewrite(code, body);
    out.append(unsignedLeb(body.length)).append(body.bytes);
  }
  return out.bytes;
}

function skipLocals(code: ByteReader): void {
  for (let groups = code.unsigned(); groups > 0; groups--) {
    code.skipInteger();
    const type = code.byte();
    if (type === 0x63 || type === 0x64) code.skipInteger();
  }
}
