import { Command } from 'commander';
import { Console } from '../console.ts';
import { addNetworkOptions, clientFor, id, type NetworkOptions } from '../options.ts';

export function consoleCommand(): Command {
  const command = new Command('console')
    .description('an interactive console on a process you own; messages show as they arrive')
    .argument('<process>', 'its id', id)
    .action(async (processId: string, options: NetworkOptions) => {
      await Console.run(await clientFor(options), processId, {
        input: process.stdin,
        output: process.stdout,
      });
    });
  return addNetworkOptions(command);
}
