import { ByteWriter } from './byte-writer.ts';
import { ByteReader, unsignedLeb } from './bytes.ts';
import { OP, readInstruction } from './instructions.ts';
import { readInterface, readParameterCounts, readSections } from './module-interface.ts';

const SECTION = {
  memory: 5,
  global: 6,
  export: 7,
  code: 10,
  dataCount: 12,
  tag: 13,
} as const;
/** Sections that are added where a module has none and the extension something for them. */
const OPTIONAL = [SECTION.global, SECTION.export];
const EXPORT_KIND = { memory: 2, global: 3 } as const;
const MUTABLE = 1;
// A 32-bit memory may not even declare more.
const MEMORY32_PAGES = 65_536;
const NUMERIC_TYPES: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c]);

export interface Extension {
  /** Encoded memories to append; the module has one already. */
  readonly memories?: readonly (readonly number[])[];
  /** Encoded globals to append. */
  readonly globals?: readonly (readonly number[])[];
  /** What to export under new names. */
  readonly exports?: readonly {
    readonly name: string;
    readonly index: number;
    readonly kind?: keyof typeof EXPORT_KIND;
  }[];
  /**
   * Rewrites the instructions of a function (without its locals). Returns the types of the locals it added, which
   * are numbered from `nextLocal` on.
   */
  readonly rewrite?: (code: ByteReader, out: ByteWriter, nextLocal: number) => readonly number[];
  /** Lowers the largest size of the memory, in pages. */
  readonly maximumPages?: number;
}

interface GlobalInfo {
  readonly index: number;
  readonly mutableNumber: boolean;
}

/** Adds memories, globals and exports to a binary, and rewrites its functions. What is new is appended, so no index in the module changes. */
export function extendModule(binary: Uint8Array, extension: Extension): Uint8Array {
  const out = new ByteWriter().append(binary.subarray(0, 8));
  const added = new Set<number>();
  const sections = readSections(binary);
  const parameters = readParameterCounts(binary);
  const addMissing = (next: number) => {
    for (const id of OPTIONAL) {
      if (position(id) >= position(next) || added.has(id) || sections.some((section) => section.id === id))
        continue;
      added.add(id);
      const entries = id === SECTION.global ? (extension.globals ?? []) : encodedExports(extension);
      if (entries.length > 0) writeSection(out, id, [unsignedLeb(entries.length), ...entries]);
    }
  };
  for (const section of sections) {
    if (section.id !== 0) addMissing(section.id);
    const content = binary.subarray(section.content, section.end);
    const extended = extendedSection(section.id, content, extension, parameters);
    if (extended) writeSection(out, section.id, extended);
    else out.append(binary.subarray(section.start, section.end));
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

/** The new content of a section, in parts; undefined if it stays as it is. */
function extendedSection(
  id: number,
  content: Uint8Array,
  { memories = [], globals = [], ...extension }: Extension,
  parameters: readonly number[],
): ArrayLike<number>[] | undefined {
  switch (id) {
    case SECTION.memory:
      return appended(limitedMemories(content, extension.maximumPages), memories);
    case SECTION.global:
      return appended(content, globals);
    case SECTION.export:
      return appended(content, encodedExports(extension));
    case SECTION.code:
      return extension.rewrite && [rewrittenCode(content, extension.rewrite, parameters)];
    default:
      return undefined;
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

function encodedExports({ exports = [] }: Pick<Extension, 'exports'>): number[][] {
  return exports.map(({ name, index, kind = 'global' }) => {
    const bytes = Buffer.from(name, 'utf8');
    return [...unsignedLeb(bytes.length), ...bytes, EXPORT_KIND[kind], ...unsignedLeb(index)];
  });
}

/** Declares that the memory, which comes first, grows no larger than that many pages. */
function limitedMemories(content: Uint8Array, maximumPages: number | undefined): Uint8Array {
  if (maximumPages === undefined) return content;
  const reader = new ByteReader(content);
  const count = reader.unsigned();
  const flags = reader.byte();
  const initial = reader.unsigned();
  const addressable = flags & 4 ? maximumPages : Math.min(MEMORY32_PAGES, maximumPages);
  const maximum = Math.min(flags & 1 ? reader.unsigned() : addressable, addressable);
  const limits = [flags | 1, ...unsignedLeb(initial), ...unsignedLeb(maximum)];
  return Uint8Array.from([...unsignedLeb(count), ...limits, ...content.subarray(reader.offset)]);
}

function rewrittenCode(
  content: Uint8Array,
  rewrite: NonNullable<Extension['rewrite']>,
  parameters: readonly number[],
): Uint8Array {
  const reader = new ByteReader(content);
  const out = new ByteWriter();
  const body = new ByteWriter();
  const count = reader.unsigned();
  out.append(unsignedLeb(count));
  for (let index = 0; index < count; index++) {
    const length = reader.unsigned();
    const code = new ByteReader(content, reader.offset, reader.offset + length);
    reader.skip(length);
    const locals = readLocals(code);
    body.clear();
    const added = rewrite(code, body, (parameters[index] ?? 0) + locals.count);
    const header = [...unsignedLeb(locals.groups + added.length), ...locals.bytes];
    for (const type of added) header.push(1, type);
    out
      .append(unsignedLeb(header.length + body.length))
      .append(header)
      .append(body.bytes);
  }
  return out.bytes;
}

/** The locals of a function: their groups as they stand there, and how many locals they are. */
function readLocals(code: ByteReader): { groups: number; bytes: Uint8Array; count: number } {
  const groups = code.unsigned();
  const start = code.offset;
  let count = 0;
  for (let group = 0; group < groups; group++) {
    count += code.unsigned();
    const type = code.byte();
    if (type === 0x63 || type === 0x64) code.skipInteger();
  }
  return { groups, bytes: code.bytes.subarray(start, code.offset), count };
}
