import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AoError } from '@ao-ts/core';

const REQUIRE = /\brequire\s*\(?\s*(["'])([\w./-]+)\1/g;

interface Part {
  /** Path relative to the folder of the program. */
  file: string;
  source: string;
}

/**
 * Reads a Lua program and the files of its folder that it requires, and gives one piece of Lua source that a process can
 * be spawned with or evaluate. Errors in it carry the file and line as they are on disk. Names that are no file of the folder
 * (`json`, `.bint` …) are left to the process's own library.
 * @throws AoError `LUA.UNREADABLE`
 */
export async function readProgram(path: string | URL): Promise<string> {
  const entry = typeof path === 'string' ? path : fileURLToPath(path);
  const folder = dirname(entry);
  const modules = new Map<string, Part>();
  const main = { file: basename(entry), source: await readSource(entry) };

  const walk = async ({ source }: Part): Promise<void> => {
    for (const [, , name = ''] of source.matchAll(REQUIRE)) {
      if (modules.has(name)) continue;
      const part = await findModule(folder, name);
      if (!part) continue;
      modules.set(name, part);
      await walk(part);
    }
  };
  await walk(main);

  const loaders = [...modules].map(
    // A program that is loaded again brings new versions of its files.
    ([name, part]) => `package.loaded['${name}'] = nil package.preload['${name}'] = ${chunk(part)}`,
  );
  return [...loaders, `return (${chunk(main)})()`].join('\n');
}

async function readSource(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new AoError('LUA.UNREADABLE', `There is no Lua file ${path} that can be read.`, {
      action: 'fix',
      cause,
    });
  }
  const source = bytes.toString('utf8');
  if (bytes.includes(0) || !Buffer.from(source).equals(bytes)) {
    throw new AoError('LUA.UNREADABLE', `${path} is not Lua source: it is not text in UTF-8.`, {
      action: 'fix',
    });
  }
  // A first line `#!…` is for a shell; the empty line keeps the line numbers.
  return source.replace(/^\uFEFF/, '').replace(/^#[^\n]*/, '');
}

/** Where luarocks installs, in the folder of a program. */
const ROCKS = 'modules/share/lua/5.3/';

async function findModule(folder: string, name: string): Promise<Part | undefined> {
  const path = name.replace(/^\./, '').replaceAll('.', '/');
  const places = name.startsWith('.') ? [path] : [path, ROCKS + path];
  for (const file of places.flatMap((place) => [`${place}.lua`, `${place}/init.lua`])) {
    try {
      return { file, source: await readSource(join(folder, file)) };
    } catch (error) {
      if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** Lua that loads a part under its own name. */
function chunk({ file, source }: Part): string {
  return `assert(load(${luaString(source)}, '@${file.replace(/['\\]/g, '_')}', 't'))`;
}

/** Text as a literal of Lua, whatever quotes and brackets are in it, with a line break at its end. */
export function luaString(text: string): string {
  let level = '=';
  while (text.includes(`]${level}]`)) level += '=';
  return `[${level}[\n${text}\n]${level}]`;
}
