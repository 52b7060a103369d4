import { Command } from 'commander';
import { buildCommand, publishCommand } from './commands/build.ts';
import { consoleCommand } from './commands/console.ts';
import { evalCommand, loadCommand } from './commands/eval.ts';
import { initCommand } from './commands/init.ts';
import { logsCommand } from './commands/logs.ts';
import {
  assignCommand,
  dryRunCommand,
  messageCommand,
  monitorCommand,
  resultCommand,
} from './commands/message.ts';
import { networkCommand } from './commands/network.ts';
import { spawnCommand } from './commands/spawn.ts';
import { testCommand } from './commands/test.ts';
import { traceCommand } from './commands/trace.ts';
import { walletCommand } from './commands/wallet.ts';
import { fail } from './failure.ts';
import { protectIds } from './options.ts';

const program = new Command('ao')
  .description('Run an ao network on this machine, and processes on it.')
  .showHelpAfterError('Run with --help to see what is possible.')
  .addCommand(initCommand())
  .addCommand(testCommand())
  .addCommand(networkCommand())
  .addCommand(spawnCommand())
  .addCommand(evalCommand())
  .addCommand(loadCommand())
  .addCommand(consoleCommand())
  .addCommand(messageCommand())
  .addCommand(dryRunCommand())
  .addCommand(resultCommand())
  .addCommand(logsCommand())
  .addCommand(traceCommand())
  .addCommand(assignCommand())
  .addCommand(monitorCommand())
  .addCommand(buildCommand())
  .addCommand(publishCommand())
  .addCommand(walletCommand());

try {
  await program.parseAsync(protectIds(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  fail(error, process.argv.includes('--json'));
}
