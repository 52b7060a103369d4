import { readFile } from 'node:fs/promises';
import { AoError } from '@ao-ts/core';
import { createDataItem, type Tag } from '@ao-ts/core/ans104';
import { moduleFormats, moduleTags } from '@ao-ts/lua';
import { Command } from 'commander';
import { declaredMemory, memoryLimit, PAGE_BYTES } from '../build/memory.ts';
import { addNetworkOptions, type NetworkOptions, networkFor, tagOption } from '../options.ts';
import { print, withProgress } from '../output.ts';

/** Tags of the Lua module that are not true of just any module. */
const OF_THE_LUA_MODULE = new Set(['Memory-Limit', 'Name', 'Lua-Version']);

export function publishCommand(): Command {
  const command = new Command('publish')
    .description('upload a module with the tags that compute units need; prints its id')
    .argument('[wasm]', 'the module', 'process.wasm')
    .addOption(tagOption('a further tag, or another value of one (repeatable)'))
    .action(publish);
  return addNetworkOptions(command);
}

async function publish(file: string, options: NetworkOptions & { tag: Tag[] }): Promise<void> {
  const data = await readFile(file);
  const tags = tagsOf(data, options.tag, file);
  const network = await networkFor(options);
  const { HttpClient, readSigner, UploaderClient } = await import('@ao-ts/server-kit');
  const signer = await readSigner(options.wallet ?? network.wallet);
  const http = new HttpClient();
  try {
    const item = await createDataItem({ tags, data }, signer);
    const upload = new UploaderClient(http, network.uploader).upload(item.raw);
    const module = await withProgress('uploading', upload);
    print(options, module, { module, tags });
  } finally {
    await http.close();
  }
}

/** The limits say what the binary itself declares, so that no compute unit finds a module that contradicts its tags. */
function tagsOf(binary: Uint8Array, own: Tag[], file: string): Tag[] {
  let memory: ReturnType<typeof declaredMemory>;
  try {
    memory = declaredMemory(binary);
  } catch (cause) {
    throw new AoError('BUILD.NOT_WASM', `${file} is not a WebAssembly module that can be published.`, {
      action: 'fix',
      cause,
    });
  }
  const maximum = (memory.maximum ?? 65_536) * PAGE_BYTES;
  const tags = moduleTags
    .filter(({ name }) => !OF_THE_LUA_MODULE.has(name))
    .map((each) =>
      each.name === 'Module-Format' && memory.is64bit ? { ...each, value: moduleFormats[64] } : each,
    );
  tags.push({ name: 'Memory-Limit', value: memoryLimit(maximum) });
  const named = new Set(own.map(({ name }) => name));
  return [...tags.filter(({ name }) => !named.has(name)), ...own];
}
