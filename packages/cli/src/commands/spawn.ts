import { readFile } from 'node:fs/promises';
import { AoError } from '@ao-ts/core';
import type { Tag } from '@ao-ts/core/ans104';
import { Command, InvalidArgumentError } from 'commander';
import { addNetworkOptions, clientFor } from '../client.ts';
import { errorText, outputText } from '../output.ts';

interface SpawnOptions {
  network?: string;
  wallet?: string;
  name?: string;
  module?: string;
  tag: Tag[];
}

function tag(text: string, before: Tag[]): Tag[] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('a tag is written name=value');
  return [...before, { name: text.slice(0, equals), value: text.slice(equals + 1) }];
}

export function spawnCommand(): Command {
  const command = new Command('spawn')
    .description('start a process whose program is a Lua file; prints its id')
    .argument('<file>', 'Lua source')
    .option('--name <name>', 'value of its Name tag')
    .option('--tag <name=value>', 'a further tag (repeatable)', tag, [])
    .option('--module <id>', 'module to run it on (default: the Lua module of the network)')
    .action(spawn);
  return addNetworkOptions(command);
}

async function spawn(file: string, options: SpawnOptions): Promise<void> {
  const source = await readFile(file, 'utf8');
  const client = await clientFor(options);
  const tags = options.name ? [{ name: 'Name', value: options.name }, ...options.tag] : options.tag;
  const processId = await client.spawn({ source, tags, module: options.module });
  const boot = await client.result(processId, processId);
  const failed = errorText(boot);
  if (failed) {
    throw new AoError('CLI.BOOT', `Process ${processId} was spawned, but ${file} failed in it: ${failed}`, {
      action: 'fix',
    });
  }
  const printed = outputText(boot.Output);
  if (printed) console.error(printed);
  console.log(processId);
}
