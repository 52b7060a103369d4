import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AoError } from '@ao-ts/core';
import { Command } from 'commander';
import { exitCodeOf, nextSignal } from '../signals.ts';

// Tests import @ao-ts/network, which is installed with this command and not beside them.
const IMPORTS = new URL('../test-imports.js', import.meta.url).href;
const TESTS = '**/*.test.{js,mjs,ts,mts}';

export function testCommand(): Command {
  return new Command('test')
    .description('run tests of processes (node:test), each on a network of its own in the same program')
    .argument('[paths...]', 'files, or folders to look for *.test.js, .mjs and .ts in', ['.'])
    .option('--watch', 'run them again when a file changes')
    .action(runTests);
}

async function runTests(paths: string[], options: { watch?: boolean }): Promise<void> {
  const files = (await Promise.all(paths.map(testFiles))).flat().sort();
  if (files.length === 0) {
    throw new AoError('CLI.NO_TESTS', `There is no ${TESTS} in ${paths.join(', ')}.`, { action: 'fix' });
  }
  const [first = ''] = files;
  if (files.length === 1 && !options.watch) return runHere(first);
  const args = ['--import', IMPORTS, '--test', ...(options.watch ? ['--watch'] : []), ...files];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  // The tests end first, then this does; a second Ctrl-C ends it at once.
  let interrupted: NodeJS.Signals | undefined;
  nextSignal().then((signal) => {
    interrupted = signal;
    child.kill(signal);
  });
  const [code] = await once(child, 'close');
  process.exitCode = interrupted ? exitCodeOf(interrupted) : (code ?? 1);
}

/** A single file needs no program of its own, which saves its start. */
async function runHere(file: string): Promise<void> {
  await import(IMPORTS);
  await import(pathToFileURL(resolve(file)).href);
}

async function testFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new AoError('CLI.NO_TESTS', `There is no file or folder ${path}.`, { action: 'fix' });
  if (found.isFile()) return [path];
  const files: string[] = [];
  const exclude = (name: string) => name.includes('node_modules');
  for await (const file of glob(TESTS, { cwd: path, exclude })) files.push(join(path, file));
  return files;
}
