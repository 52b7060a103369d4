import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Signer } from '@ao-ts/core/ans104';
import * as cu from '@ao-ts/cu';
import * as gateway from '@ao-ts/gateway';
import { LARGEST_MEMORY } from '@ao-ts/lua';
import * as mu from '@ao-ts/mu';
import {
  GatewayClient,
  generateEd25519Key,
  generateWallet,
  HttpClient,
  readOrCreateWallet,
  requestJson,
  type Unit,
  UploaderClient,
} from '@ao-ts/server-kit';
import * as su from '@ao-ts/su';
import * as ur from '@ao-ts/ur';
import { z } from 'zod';
import { type NetworkFile, writeNetworkFile } from './network-file.ts';
import type { Environment, NetworkOptions } from './network-options.ts';
import { seedModule, seedSchedulerLocation } from './seed.ts';

/** What has to be stopped, in the order it was started. */
export type Stops = (() => Promise<void>)[];

type UnitName = 'gateway' | 'su' | 'cu' | 'mu' | 'ur';

/** What runs once all units are ready. */
export interface Started {
  directory: string;
  file: NetworkFile;
  /** Signs as the developer. */
  signer: Signer;
  /** How many messages are on their way. */
  pending: () => Promise<number>;
  /** Has a message sent that the messenger unit keeps back. */
  release: (key: string) => Promise<void>;
}

/** What a network's owner has in hand while it runs. */
export interface Controls {
  /** Unix milliseconds. */
  clock: () => number;
  /** Why the messenger unit keeps back what a process sends. */
  keepBack: (entry: mu.NewNode) => string | undefined;
}

const MessengerStatus = z.object({ pending: z.number(), dead: z.number() });

const create = {
  gateway: async (env: Environment, { clock }: Controls) =>
    gateway.create(gateway.configFrom(env), { clock }),
  su: async (env: Environment, { clock }: Controls) => su.create(su.configFrom(env), { clock }),
  cu: async (env: Environment, { clock }: Controls) => cu.create(cu.configFrom(env), { clock }),
  mu: async (env: Environment, controls: Controls) => mu.create(mu.configFrom(env), controls),
  ur: async (env: Environment) => ur.create(ur.configFrom(env)),
};

/**
 * Starts the units one after another, each with what it needs from those before. What has to be stopped again is added to
 * `stops`, also when a later step fails.
 */
export async function startUnits(
  options: NetworkOptions,
  controls: Controls,
  stops: Stops,
): Promise<Started> {
  const directory = await stateDirectory(options.directory, stops);
  const walletPath = join(directory, 'wallet.json');
  const operatorPath = join(directory, 'operator.json');
  const generate = options.keys === 'ed25519' ? generateEd25519Key : generateWallet;
  const wallets = Promise.all([
    readOrCreateWallet(walletPath, generate),
    readOrCreateWallet(operatorPath, generate),
  ]);
  // If another part fails meanwhile, the folder must not be removed while these are being written.
  const written = wallets.then(
    () => {},
    () => {},
  );
  stops.push(() => written);

  const start = async (name: UnitName, variables: Environment): Promise<Unit> => {
    const env = {
      HOST: options.host ?? '127.0.0.1',
      PORT: String(options.ports?.[name] ?? 0),
      LOG_LEVEL: options.logLevel ?? 'warn',
      // All of it is on this machine.
      ALLOW_PRIVATE_ADDRESSES: 'true',
      ...openTelemetryOf(process.env),
      DATA_DIR: join(directory, name),
      DB_URL: join(directory, name, `${name}.sqlite`),
      ...variables,
      ...options.env?.[name],
    };
    const unit = await create[name](env, controls);
    stops.push(async () => unit[Symbol.asyncDispose]());
    await unit.start();
    return unit;
  };

  const { url: gatewayUrl } = await start('gateway', {});
  const http = new HttpClient();
  stops.push(() => http.close());
  const client = new GatewayClient(http, gatewayUrl);
  const uploader = new UploaderClient(http, gatewayUrl);
  const [wallet, operator] = await wallets;

  const arweave = { GATEWAY_URL: gatewayUrl };
  const module = await seedModule(client, uploader, operator.signer);
  const scheduler = await start('su', {
    ...arweave,
    UPLOAD_NODE_URL: gatewayUrl,
    SU_WALLET_PATH: operatorPath,
  });
  await seedSchedulerLocation(client, uploader, operator.signer, scheduler.url);
  const others = { ...arweave, UPLOADER_URL: gatewayUrl, SU_URL: scheduler.url };
  const compute = await start('cu', {
    ...others,
    WALLET_FILE: operatorPath,
    // Whatever can be built can be tried.
    PROCESS_WASM_MEMORY_MAX_LIMIT: String(LARGEST_MEMORY[64]),
  });
  const router = options.router && (await start('ur', { AO_UNIT: 'cu', HOSTS: compute.url }));
  const { url: computeUrl } = router || compute;
  const messenger = await start('mu', { ...others, CU_URL: computeUrl, PATH_TO_WALLET: operatorPath });

  const file: NetworkFile = {
    gateway: gatewayUrl,
    uploader: gatewayUrl,
    su: scheduler.url,
    mu: messenger.url,
    cu: computeUrl,
    scheduler: operator.signer.address,
    authority: operator.signer.address,
    module,
    wallet: walletPath,
  };
  await writeNetworkFile(directory, file);
  const remote = { http, url: messenger.url, name: 'messenger unit' };
  const pending = async () => (await requestJson(remote, '/status', MessengerStatus)).pending;
  const retried = z.object({ key: z.string() });
  const release = async (key: string) => {
    await requestJson(remote, `/dead/${key}/retry`, retried, { method: 'POST' });
  };
  return { directory, file, signer: wallet.signer, pending, release };
}

async function stateDirectory(directory: string | undefined, stops: Stops): Promise<string> {
  if (directory !== undefined) {
    await mkdir(directory, { recursive: true });
    return resolve(directory);
  }
  const temporary = await mkdtemp(join(tmpdir(), 'ao-'));
  removeAtExit.add(temporary);
  stops.push(async () => {
    await rm(temporary, { recursive: true, force: true });
    removeAtExit.delete(temporary);
  });
  return temporary;
}

/** Folders of ephemeral networks: a program may end without stopping its networks. */
const removeAtExit = new Set<string>();
process.on('exit', () => {
  for (const folder of removeAtExit) rmSync(folder, { recursive: true, force: true });
});

/** Where traces go is a matter of the machine, not of the network. */
function openTelemetryOf(env: NodeJS.ProcessEnv): Environment {
  const names = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}
