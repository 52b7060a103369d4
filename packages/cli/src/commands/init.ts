import { cp, mkdir, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AoError } from '@ao-ts/core';
import { Command } from 'commander';
import { print } from '../output.ts';

const STARTER = fileURLToPath(new URL('../../starter/', import.meta.url));

export function initCommand(): Command {
  return new Command('init')
    .description('make a folder with a process, a test of it, and a README')
    .argument('<name>', 'of the folder')
    .option('--json', 'print JSON, for programs')
    .action(init);
}

async function init(name: string, options: { json?: boolean }): Promise<void> {
  await mkdir(name, { recursive: true });
  if ((await readdir(name)).length > 0) {
    throw new AoError('CLI.EXISTS', `The folder ${name} is not empty: name another one.`, { action: 'fix' });
  }
  await cp(STARTER, name, { recursive: true });
  const files = await readdir(name);
  print(options, `${name} is made: ${files.join(', ')}.\n\n  cd ${name}\n  npx ao test`, {
    folder: name,
    files,
  });
}
