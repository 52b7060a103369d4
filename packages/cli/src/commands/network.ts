import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AoError } from '@ao-ts/core';
import { Network, type NetworkFile, readNetworkFile, STATE_DIRECTORY } from '@ao-ts/network';
import { Command, Option } from 'commander';
import { addNetworkOptions, type NetworkOptions, networkFor, wholeNumber } from '../options.ts';
import { print, withProgress } from '../output.ts';
import { nextSignal } from '../signals.ts';

interface StartOptions {
  directory: string;
  ephemeral?: boolean;
  host: string;
  gatewayPort: number;
  muPort: number;
  suPort: number;
  cuPort: number;
  router?: boolean;
  routerPort: number;
  logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

const port = wholeNumber(65535);

export function networkCommand(): Command {
  const start = new Command('start')
    .description('start a network on this machine: gateway, messenger, scheduler and compute unit')
    .option('--directory <folder>', 'where its state is kept', STATE_DIRECTORY)
    .option('--ephemeral', 'keep no state')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--gateway-port <port>', 'gateway and uploader', port, 4000)
    .option('--mu-port <port>', 'messenger unit', port, 4002)
    .option('--su-port <port>', 'scheduler unit', port, 4003)
    .option('--cu-port <port>', 'compute unit', port, 4004)
    .option('--router', 'put a router before the compute unit, as in a network of many machines')
    .option('--router-port <port>', 'router', port, 4005)
    .addOption(
      new Option('--log-level <level>', 'what the units log')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('error'),
    )
    .action(startNetwork);
  const status = addNetworkOptions(new Command('status'))
    .description('say which units answer; exit code 2 if one does not')
    .action(networkStatus);
  const reset = new Command('reset')
    .description('forget all processes, messages and data of a stopped network; its wallets stay')
    .option('--directory <folder>', 'where its state is kept', STATE_DIRECTORY)
    .option('--json', 'print JSON, for programs')
    .action(resetNetwork);
  return new Command('network')
    .description('the network on this machine')
    .addCommand(start)
    .addCommand(status)
    .addCommand(reset);
}

async function startNetwork(options: StartOptions): Promise<void> {
  const { switchLogLevelOnSignal } = await import('@ao-ts/server-kit');
  switchLogLevelOnSignal();
  const starting = Network.start({
    ...(options.ephemeral ? {} : { directory: options.directory }),
    host: options.host,
    logLevel: options.logLevel,
    ports: {
      gateway: options.gatewayPort,
      mu: options.muPort,
      su: options.suPort,
      cu: options.cuPort,
      ur: options.routerPort,
    },
    router: options.router === true,
  });
  const network = await withProgress('starting (the first time it makes keys)', starting);
  console.log(
    table(network.file, join(options.ephemeral ? network.directory : options.directory, 'network.json')),
  );

  if ((await nextSignal()) === 'SIGINT') console.log('\nstopping …');
  await network.stop();
}

const UNITS = {
  gateway: ['gateway', '/info'],
  mu: ['messenger unit', '/health'],
  su: ['scheduler unit', '/health'],
  cu: ['compute unit', '/health'],
} as const;
type UnitKey = keyof typeof UNITS;

async function answers(network: NetworkFile, unit: UnitKey): Promise<boolean> {
  try {
    return (await fetch(network[unit] + UNITS[unit][1], { signal: AbortSignal.timeout(3000) })).ok;
  } catch {
    return false;
  }
}

async function networkStatus(options: NetworkOptions): Promise<void> {
  const network = await networkFor(options);
  const units = await Promise.all(
    (Object.keys(UNITS) as UnitKey[]).map(async (unit) => ({
      unit: UNITS[unit][0],
      url: network[unit],
      up: await answers(network, unit),
    })),
  );
  const text = units.map(({ unit, url, up }) => `${unit.padEnd(15)} ${url}  ${up ? 'up' : 'away'}`);
  print(options, text.join('\n'), { units });
  if (units.some(({ up }) => !up)) process.exitCode = 2;
}

async function resetNetwork(options: { directory: string; json?: boolean }): Promise<void> {
  const path = join(options.directory, 'network.json');
  const network = await readNetworkFile(path);
  if (!network) {
    throw new AoError('NETWORK.NOT_FOUND', `There is no network in ${options.directory}: no ${path}.`, {
      action: 'fix',
    });
  }
  if (await answers(network, 'gateway')) {
    throw new AoError('CLI.RUNNING', `The network at ${network.gateway} is running: stop it first.`, {
      action: 'fix',
    });
  }
  for (const name of ['gateway', 'su', 'cu', 'mu', 'network.json'])
    await rm(join(options.directory, name), { recursive: true, force: true });
  print(options, 'The next start begins anew.', { reset: options.directory });
}

/** What `ao init` makes. */
const OWN_PROGRAM = 'process.lua';

function table(file: NetworkFile, path: string): string {
  const rows: [string, string][] = [
    ['gateway', file.gateway],
    ['uploader', file.uploader],
    ['messenger unit', file.mu],
    ['scheduler unit', file.su],
    ['compute unit', file.cu],
    ['scheduler', file.scheduler],
    ['authority', file.authority],
    ['Lua module', file.module],
    ['wallet', file.wallet],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(15)} ${value}`);
  return `
ao is running. The same for programs: ${path}

${lines.join('\n')}

Try in another terminal:

  npx ao spawn ${existsSync(OWN_PROGRAM) ? OWN_PROGRAM : 'examples/ping-pong/pong.lua'}
  npx ao eval <process> 'return 1 + 1'
  npx ao console <process>

Ctrl-C stops it.`;
}
