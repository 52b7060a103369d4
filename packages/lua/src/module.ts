import { readdir, readFile } from 'node:fs/promises';
import { boot, type LuaFile } from './boot.ts';
import { pack } from './pack.ts';

const PACKAGE = new URL('../', import.meta.url);

/** A tag of a data item. */
export interface Tag {
  name: string;
  value: string;
}

/** Bits of the addresses of a module: 64 for one that may need more than 1 GiB of memory. */
export type Target = 32 | 64;

/** The Module-Format under which a module of a target runs on the network's own loader. */
export const moduleFormats: Record<Target, string> = {
  32: 'wasm32-unknown-emscripten4',
  64: 'wasm64-unknown-emscripten-draft_2024_02_15',
};

/** The tags a Lua module of 32 bits is published with. */
export const moduleTags: Tag[] = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Variant', value: 'ao.TN.1' },
  { name: 'Type', value: 'Module' },
  { name: 'Module-Format', value: moduleFormats[32] },
  { name: 'Input-Encoding', value: 'JSON-1' },
  { name: 'Output-Encoding', value: 'JSON-1' },
  { name: 'Memory-Limit', value: '1-gb' },
  { name: 'Compute-Limit', value: '9000000000000' },
  { name: 'Content-Type', value: 'application/wasm' },
  { name: 'Name', value: 'ao-lua' },
  { name: 'Lua-Version', value: '5.3.6' },
];

/** The module with the process library (`ao`, `Handlers`, Eval …) and no program of its own. */
export async function moduleBinary(): Promise<Uint8Array> {
  return await readFile(new URL('module/lua.wasm', PACKAGE));
}

/** The process library's own files, sorted by name. */
export async function libraryFiles(): Promise<LuaFile[]> {
  const folder = new URL('lua/', PACKAGE);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.lua')).sort();
  return Promise.all(
    names.map(async (name) => ({ name, source: await readFile(new URL(name, folder), 'utf8') })),
  );
}

/** The compiled runtime: Lua 5.3 without any Lua file. It is what {@link buildModule} builds on. */
export async function runtimeBinary(target: Target = 32): Promise<Uint8Array> {
  return await readFile(new URL(`module/runtime${target}.wasm`, PACKAGE));
}

export interface BuildOptions {
  /** 32 if nothing is said. */
  target?: Target;
  /** Bytes the module may grow to, a multiple of 65 536; as much as its target can have if nothing is said. */
  maximumMemory?: number;
}

/** Bytes of memory that a module of a target can have at most. */
export const LARGEST_MEMORY: Record<Target, number> = { 32: 2 ** 30, 64: 2 ** 34 };

/**
 * Builds a module from Lua files, without a compiler. They are added to the process library and take the place of a file of
 * it that has the same name: with a `process.lua` the whole process is one's own, and must return a table with
 * `handle(msg, env)`. The same files give the same bytes.
 * @throws AoError LUA.INVALID_SOURCE with file and line, LUA.TOO_LARGE
 */
export async function buildModule(files: LuaFile[], options: BuildOptions = {}): Promise<Uint8Array> {
  const own = new Set(files.map((file) => file.name));
  const library = (await libraryFiles()).filter((file) => !own.has(file.name));
  const runtime = await runtimeBinary(options.target);
  const booted = boot(runtime, [...library, ...files], options.maximumMemory);
  return pack(runtime, booted, options.maximumMemory);
}
