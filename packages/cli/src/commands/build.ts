import { rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { buildFolder } from '../build/build-folder.ts';
import { memoryLimit } from '../build/memory.ts';
import { print } from '../output.ts';

interface BuildOptions {
  output?: string;
  json?: boolean;
}

export function buildCommand(): Command {
  return new Command('build')
    .description('build the Lua files of a folder into a module, without a compiler')
    .argument('[folder]', 'with process.lua, and config.yml if need be', '.')
    .option('-o, --output <file>', 'where to write it (default: process.wasm in the folder)')
    .option('--json', 'print JSON, for programs')
    .action(build);
}

async function build(folder: string, options: BuildOptions): Promise<void> {
  const started = performance.now();
  const { binary, files, maximumMemory, target } = await buildFolder(resolve(folder));
  const output = options.output ?? join(folder, 'process.wasm');
  const unfinished = `${output}.new`;
  process.once('exit', () => rmSync(unfinished, { force: true }));
  await writeFile(unfinished, binary);
  await rename(unfinished, output);
  const ms = Math.round(performance.now() - started);
  const what = `${files.length} Lua ${files.length === 1 ? 'file' : 'files'}, ${binary.length} bytes`;
  print(
    options,
    `${output}: ${what}, ${target} bits, memory up to ${memoryLimit(maximumMemory)}, in ${ms} ms`,
    {
      output,
      files,
      bytes: binary.length,
      maximumMemory,
      target,
      ms,
    },
  );
}
