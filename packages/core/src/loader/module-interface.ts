import { AoError } from '../errors.ts';
import { ByteReader, malformed } from './bytes.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'other';

export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface FunctionImport {
  readonly module: string;
  readonly name: string;
  readonly signature: Signature;
}

/** One section of the binary: where its id byte, its content and its end are (byte offsets). */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** What a module asks of its host and offers to it. Plain data: it can be posted to a worker. */
export interface ModuleInterface {
  readonly imports: readonly FunctionImport[];
  /** Imports that are no functions (memories, tables, globals, tags), as `module.name`. */
  readonly otherImports: readonly string[];
  readonly importedGlobals: number;
  readonly exports: Readonly<Record<string, 'function' | 'table' | 'memory' | 'global' | 'tag'>>;
  /** Signatures of the exported functions. */
  readonly functions: Readonly<Record<string, Signature>>;
  /** True for 64-bit pointers. */
  readonly memory64: boolean;
  /** Initial size of the memory in 64 KiB pages. */
  readonly initialPages: number;
  /** Largest size of the memory in 64 KiB pages, if the module declares one. */
  readonly maximumPages: number | undefined;
}

const SECTION = { type: 1, import: 2, function: 3, memory: 5, export: 7 } as const;
const EXPORT_KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const;

/** Splits a binary into its sections. Throws `LOADER.NOT_WASM` for anything else than a whole module. */
export function readSections(binary: Uint8Array): Section[] {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (header.some((byte, index) => binary[index] !== byte)) {
    throw new AoError('LOADER.NOT_WASM', 'The module is not a WebAssembly 1.0 binary.', { action: 'fix' });
  }
  const reader = new ByteReader(binary, header.length);
  const sections: Section[] = [];
  while (!reader.done) {
    const start = reader.offset;
    const id = reader.byte();
    const length = reader.unsigned();
    const content = reader.offset;
    reader.skip(length);
    sections.push({ id, start, content, end: reader.offset });
  }
  return sections;
}

interface Functions {
  readonly imports: readonly FunctionImport[];
  readonly otherImports: readonly string[];
  readonly importedGlobals: number;
  /** Signatures of the functions that are not imported. */
  readonly defined: readonly Signature[];
}

type Open = (id: number) => ByteReader | undefined;

function opener(binary: Uint8Array): Open {
  const sections = readSections(binary);
  return (id) => {
    const section = sections.find((candidate) => candidate.id === id);
    return section && new ByteReader(binary, section.content, section.end);
  };
}

function readFunctions(open: Open): Functions {
  const types = readVector(open(SECTION.type), readSignature);
  const typeAt = (index: number): Signature => {
    const type = types[index];
    if (type === undefined) throw malformed(`type ${index} does not exist`, 0);
    return type;
  };
  const imports: FunctionImport[] = [];
  const otherImports: string[] = [];
  let importedGlobals = 0;
  readVector(open(SECTION.import), (reader) => {
    const module = reader.name();
    const name = reader.name();
    const kind = reader.byte();
    if (kind === 0) imports.push({ module, name, signature: typeAt(reader.unsigned()) });
    else {
      skipImportType(reader, kind);
      if (kind === 3) importedGlobals += 1;
      otherImports.push(`${module}.${name}`);
    }
  });
  const defined = readVector(open(SECTION.function), (reader) => typeAt(reader.unsigned()));
  return { imports, otherImports, importedGlobals, defined };
}

/** How many parameters each function of a binary has that is not imported. */
export function readParameterCounts(binary: Uint8Array): number[] {
  return readFunctions(opener(binary)).defined.map(({ params }) => params.length);
}

/** Reads imports, exports and the memory of a binary. Engines do not tell the signatures of imports. */
export function readInterface(binary: Uint8Array): ModuleInterface {
  const open = opener(binary);
  const { imports, otherImports, importedGlobals, defined } = readFunctions(open);
  const memory = readVector(open(SECTION.memory), readLimits)[0];
  const functionSignatures = [...imports.map((item) => item.signature), ...defined];

  const exports: Record<string, (typeof EXPORT_KINDS)[number]> = Object.create(null);
  const functions: Record<string, Signature> = Object.create(null);
  readVector(open(SECTION.export), (reader) => {
    const name = reader.name();
    const kind = EXPORT_KINDS[reader.byte()];
    const index = reader.unsigned();
    if (kind === undefined) throw malformed('unknown kind of export', reader.offset);
    exports[name] = kind;
    const signature = functionSignatures[index];
    if (kind === 'function' && signature) functions[name] = signature;
  });

  return {
    imports,
    otherImports,
    importedGlobals,
    exports,
    functions,
    memory64: memory?.wide ?? false,
    initialPages: memory?.initial ?? 0,
    maximumPages: memory?.maximum,
  };
}

function readVector<T>(reader: ByteReader | undefined, item: (reader: ByteReader) => T): T[] {
  return reader ? reader.vector(() => item(reader)) : [];
}

function readSignature(reader: ByteReader): Signature {
  if (reader.byte() !== 0x60) throw malformed('only function types are supported', reader.offset);
  return {
    params: reader.vector(() => readValueType(reader)),
    results: reader.vector(() => readValueType(reader)),
  };
}

function readValueType(reader: ByteReader): ValueType {
  const byte = reader.byte();
  if (byte === 0x7f) return 'i32';
  if (byte === 0x7e) return 'i64';
  if (byte === 0x7d) return 'f32';
  if (byte === 0x7c) return 'f64';
  if (byte === 0x63 || byte === 0x64) reader.skipInteger();
  return 'other';
}

interface Limits {
  readonly wide: boolean;
  readonly initial: number;
  readonly maximum: number | undefined;
}

function readLimits(reader: ByteReader): Limits {
  const flags = reader.byte();
  const initial = reader.unsigned();
  return { wide: (flags & 4) !== 0, initial, maximum: flags & 1 ? reader.unsigned() : undefined };
}

function skipImportType(reader: ByteReader, kind: number): void {
  if (kind === 1) {
    readValueType(reader);
    readLimits(reader);
  } else if (kind === 2) readLimits(reader);
  else if (kind === 3) {
    readValueType(reader);
    reader.byte();
  } else if (kind === 4) {
    reader.byte();
    reader.unsigned();
  } else throw malformed('unknown kind of import', reader.offset);
}
