import { Command } from 'commander';
import { consoleCommand } from './commands/console.ts';
import { evalCommand } from './commands/eval.ts';
import { networkCommand } from './commands/network.ts';
import { spawnCommand } from './commands/spawn.ts';
import { explain } from './failure.ts';

const program = new Command('ao')
  .description('Run an ao network on this machine, and processes on it.')
  .showHelpAfterError('Run with --help to see what is possible.')
  .addCommand(networkCommand())
  .addCommand(spawnCommand())
  .addCommand(evalCommand())
  .addCommand(consoleCommand());

try {
  await program.parseAsync();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
