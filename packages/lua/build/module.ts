/** Packs module/lua.wasm from module/runtime32.wasm and lua/*.lua, and writes down in module/lua.json what it was made from. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { buildModule, libraryFiles, moduleTags, runtimeBinary } from '../src/index.ts';

const MODULE = new URL('../module/', import.meta.url);

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const binary = await buildModule([]);
const files = await libraryFiles();
const record = {
  sha256: sha256(binary),
  format: moduleTags.find((tag) => tag.name === 'Module-Format')?.value,
  lua: '5.3.6',
  tools: (await readFile(new URL('runtime.tools', MODULE), 'utf8')).trim().replaceAll('\n', ', '),
  runtime: sha256(await runtimeBinary()),
  files: Object.fromEntries(files.map(({ name, source }) => [name, sha256(source)])),
};
await writeFile(new URL('lua.wasm', MODULE), binary);
await writeFile(new URL('lua.json', MODULE), `${JSON.stringify(record, null, 2)}\n`);
