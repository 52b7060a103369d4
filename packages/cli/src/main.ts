import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { fail } from './failure.ts';
import { protectIds } from './protect-ids.ts';
import { endOnSignals } from './signals.ts';

/** In the order of the help. Only the one that is wanted is loaded: most of the start is loading. */
const COMMANDS = {
  init: async () => (await import('./commands/init.ts')).initCommand(),
  test: async () => (await import('./commands/test.ts')).testCommand(),
  network: async () => (await import('./commands/network.ts')).networkCommand(),
  spawn: async () => (await import('./commands/spawn.ts')).spawnCommand(),
  eval: async () => (await import('./commands/eval.ts')).evalCommand(),
  load: async () => (await import('./commands/eval.ts')).loadCommand(),
  console: async () => (await import('./commands/console.ts')).consoleCommand(),
  message: async () => (await import('./commands/message.ts')).messageCommand(),
  'dry-run': async () => (await import('./commands/message.ts')).dryRunCommand(),
  result: async () => (await import('./commands/message.ts')).resultCommand(),
  logs: async () => (await import('./commands/logs.ts')).logsCommand(),
  trace: async () => (await import('./commands/trace.ts')).traceCommand(),
  assign: async () => (await import('./commands/message.ts')).assignCommand(),
  monitor: async () => (await import('./commands/message.ts')).monitorCommand(),
  build: async () => (await import('./commands/build.ts')).buildCommand(),
  publish: async () => (await import('./commands/publish.ts')).publishCommand(),
  wallet: async () => (await import('./commands/wallet.ts')).walletCommand(),
};

async function run(args: string[]): Promise<void> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  const program = new Command('ao')
    .description('Run an ao network on this machine, and processes on it.')
    .version(version, '--version', 'print the version')
    .showHelpAfterError('Run with --help to see what is possible.');
  const [name = ''] = args;
  const wanted = Object.entries(COMMANDS).filter(([known]) => known === name);
  for (const [, load] of wanted.length > 0 ? wanted : Object.entries(COMMANDS)) {
    program.addCommand(await load());
  }
  await program.parseAsync(protectIds(args), { from: 'user' });
}

endOnSignals();
const args = process.argv.slice(2);
try {
  await run(args);
} catch (error) {
  fail(error, args.includes('--json'));
}
