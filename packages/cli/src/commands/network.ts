import { join } from 'node:path';
import { Network, type NetworkFile, STATE_DIRECTORY } from '@ao-ts/network';
import { Command, InvalidArgumentError, Option } from 'commander';

interface StartOptions {
  directory: string;
  ephemeral?: boolean;
  host: string;
  gatewayPort: number;
  muPort: number;
  suPort: number;
  cuPort: number;
  logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65535)
    throw new InvalidArgumentError('a port is 0 to 65535');
  return number;
}

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
    .addOption(
      new Option('--log-level <level>', 'what the units log')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default('error'),
    )
    .action(startNetwork);
  return new Command('network').description('the network on this machine').addCommand(start);
}

async function startNetwork(options: StartOptions): Promise<void> {
  const network = await Network.start({
    ...(options.ephemeral ? {} : { directory: options.directory }),
    host: options.host,
    logLevel: options.logLevel,
    ports: { gateway: options.gatewayPort, mu: options.muPort, su: options.suPort, cu: options.cuPort },
  });
  console.log(
    table(network.file, join(options.ephemeral ? network.directory : options.directory, 'network.json')),
  );

  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  if (signal === 'SIGINT') console.log('\nstopping …');
  await network.stop();
}

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

  npx ao spawn examples/ping-pong/pong.lua
  npx ao eval <process> 'return 1 + 1'
  npx ao console <process>

Ctrl-C stops it.`;
}
