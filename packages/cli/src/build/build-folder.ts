import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AoError, isAoError } from '@ao-ts/core';
import { buildModule, type LuaFile, libraryFiles } from '@ao-ts/lua';
import { luaString } from '@ao-ts/network';
import { type BuildConfig, readConfig } from './config.ts';
import { declaredMemory, PAGE_BYTES } from './memory.ts';

const PROGRAM = 'process.lua';
/** The library's own process.lua, when the folder's is a program for it. */
const LIBRARY_PROCESS = 'ao-process.lua';

/** What other builders compile or link into a module. */
const NATIVE = /^libs\/.*\.(?:a|so|o|c|cpp)$/;

export interface Built extends BuildConfig {
  binary: Uint8Array;
  /** Lua files of the folder that are in it. */
  files: string[];
}

/**
 * Builds the Lua files of a folder into a module. A `process.lua` with a line that begins with `return` is the whole process
 * and gives a table with `handle(msg, env)`; any other is a program that the process library runs with the
 * spawn message, as if it were the program of the process.
 * @throws AoError `BUILD.NO_PROCESS`, `BUILD.CONFIG`, `BUILD.MEMORY`, `BUILD.NATIVE`, `LUA.INVALID_SOURCE`, `LUA.TOO_LARGE`
 */
export async function buildFolder(folder: string): Promise<Built> {
  const config = await readConfig(join(folder, 'config.yml'));
  const files = await readLuaFiles(folder);
  const program = files.find(({ name }) => name === PROGRAM);
  if (!program) {
    throw new AoError('BUILD.NO_PROCESS', `There is no ${PROGRAM} in ${folder}: a module begins with it.`, {
      action: 'fix',
    });
  }
  const isWholeProcess = /^return\b/m.test(program.source);
  const binary = await built(isWholeProcess ? files : await onLibrary(files, program), config);
  const { maximumMemory } = config;
  const { initial } = declaredMemory(binary);
  if (initial * PAGE_BYTES > maximumMemory) {
    throw tooSmall(`The module needs ${initial * PAGE_BYTES} bytes of memory to start`, maximumMemory);
  }
  return { ...config, binary, files: files.map(({ name }) => name) };
}

function tooSmall(problem: string, maximumMemory: number, cause?: unknown): AoError {
  return new AoError(
    'BUILD.MEMORY',
    `${problem}: it may have ${maximumMemory} bytes. Choose a larger preset in config.yml.`,
    { action: 'fix', facts: { maximumMemory }, cause },
  );
}

/** The errors of {@link buildModule} as those who build read them: without the part of Lua's stack that is the builder's. */
async function built(files: LuaFile[], config: BuildConfig): Promise<Uint8Array> {
  try {
    return await buildModule(files, config);
  } catch (cause) {
    if (isAoError(cause, 'LUA.TOO_LARGE')) throw tooSmall(cause.message, config.maximumMemory, cause);
    if (!isAoError(cause, 'LUA.INVALID_SOURCE')) throw cause;
    const [message = ''] = cause.message.split('\nstack traceback:');
    if (message.includes('not enough memory')) {
      throw tooSmall(`The module needs more memory to start (${message})`, config.maximumMemory, cause);
    }
    throw new AoError(cause.code, message, { action: cause.action, facts: cause.facts, cause });
  }
}

async function readLuaFiles(folder: string): Promise<LuaFile[]> {
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new AoError('BUILD.NO_PROCESS', `There is no folder ${folder}.`, { action: 'fix' });
  }
  const names = await luaNames(folder, '');
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(folder, name));
      const source = bytes.toString('utf8');
      // Text that is no UTF-8 would be built into something else than it was.
      if (Buffer.from(source).equals(bytes)) return { name, source: source.replace(/^\uFEFF/, '') };
      throw new AoError('LUA.INVALID_SOURCE', `${name} is not Lua source: it is not text in UTF-8.`, {
        action: 'fix',
      });
    }),
  );
}

function native(name: string): AoError {
  return new AoError(
    'BUILD.NATIVE',
    `${name} would have to be linked, and modules are built without a compiler: take it out of libs, or use Lua instead.`,
    { action: 'fix', facts: { name } },
  );
}

/** Paths of Lua files, without those in hidden folders and node_modules. */
async function luaNames(folder: string, below: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const name = below ? `${below}/${entry.name}` : entry.name;
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) found.push(...(await luaNames(folder, name)));
    else if (NATIVE.test(name)) throw native(name);
    else if (entry.name.endsWith('.lua')) found.push(name);
  }
  return found;
}

/** The files with a process.lua that hands the program to the process library. */
async function onLibrary(files: LuaFile[], program: LuaFile): Promise<LuaFile[]> {
  const library = (await libraryFiles()).find(({ name }) => name === PROGRAM)?.source ?? '';
  const literal = luaString(program.source.replace(/^#[^\n]*/, ''));
  const source = `local program, problem = load(${literal}, '@${PROGRAM}', 't')
if not program then error(problem, 0) end
local boot = require('.boot')
package.loaded['.boot'] = function(ao)
  local run = boot(ao)
  return function(msg)
    program()
    return run(msg)
  end
end
return require('.ao-process')`;
  return [
    ...files.filter((file) => file !== program),
    { name: LIBRARY_PROCESS, source: library },
    { name: PROGRAM, source },
  ];
}
