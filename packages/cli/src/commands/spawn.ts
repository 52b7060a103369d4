import type { Tag } from '@ao-ts/core/ans104';
import { outputText } from '@ao-ts/network';
import { Command } from 'commander';
import { addNetworkOptions, clientFor, id, type NetworkOptions, tagOption } from '../options.ts';
import { print, shown, withProgress } from '../output.ts';

interface SpawnOptions extends NetworkOptions {
  name?: string;
  module?: string;
  tag: Tag[];
}

export function spawnCommand(): Command {
  const command = new Command('spawn')
    .description('start a process whose program is a Lua file, with the files it requires; prints its id')
    .argument('[file]', 'Lua source (none: the module has its own program, or it comes by eval)')
    .option('--name <name>', 'value of its Name tag')
    .addOption(tagOption('a further tag (repeatable)'))
    .option('-m, --module <id>', 'module to run it on (default: the Lua module of the network)', id)
    .action(spawn);
  return addNetworkOptions(command);
}

async function spawn(file: string | undefined, options: SpawnOptions): Promise<void> {
  const client = await clientFor(options);
  const tags = options.name ? [{ name: 'Name', value: options.name }, ...options.tag] : options.tag;
  const spawnOptions = { tags, module: options.module };
  const spawning = file ? client.spawnFile(file, spawnOptions) : client.spawn('', spawnOptions);
  const process = await withProgress('starting the process', spawning);
  const printed = outputText((await client.result(process, process)).Output);
  // Beside the id, which is for programs, too.
  if (printed && file && !options.json) console.error(shown(printed));
  print(options, process, { process });
}
