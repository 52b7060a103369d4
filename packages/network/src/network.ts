import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AoError } from '@ao-ts/core';
import type { ArweaveJwk, Signer } from '@ao-ts/core/ans104';
import * as cu from '@ao-ts/cu';
import * as gateway from '@ao-ts/gateway';
import * as mu from '@ao-ts/mu';
import {
  GatewayClient,
  HttpClient,
  readOrCreateWallet,
  requestJson,
  type Unit,
  UploaderClient,
} from '@ao-ts/server-kit';
import * as su from '@ao-ts/su';
import { z } from 'zod';
import { type NetworkFile, writeNetworkFile } from './network-file.ts';
import { seedModule, seedSchedulerLocation } from './seed.ts';

export interface NetworkOptions {
  /** Where the state is kept. Without one the network is ephemeral: a temporary folder, removed by `stop`. */
  directory?: string;
  /** Ports to listen on; 0 or absent: any free one. */
  ports?: { gateway?: number; su?: number; cu?: number; mu?: number };
  /** Address to listen on; the default is reached from this machine only. */
  host?: string;
  logLevel?: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  /** Further variables for the units' configuration, by unit. */
  env?: { gateway?: Environment; su?: Environment; cu?: Environment; mu?: Environment };
}

type Environment = Record<string, string>;
type UnitName = 'gateway' | 'su' | 'cu' | 'mu';
type Stops = (() => Promise<void>)[];

const MessengerStatus = z.object({ pending: z.number(), dead: z.number() });

/**
 * A whole ao network in this process, on real ports: gateway, scheduler, compute and messenger unit, with a wallet,
 * the Lua module and the scheduler's location in place. The units talk HTTP to each other as they would anywhere.
 */
export class Network implements AsyncDisposable {
  /** The same that `.ao/network.json` says. */
  readonly file: NetworkFile;
  /** Folder that holds the state, with `network.json` in it. */
  readonly directory: string;
  /** A wallet for the developer. */
  readonly wallet: ArweaveJwk;
  readonly signer: Signer;
  readonly #http: HttpClient;
  readonly #stops: Stops;

  private constructor(
    directory: string,
    file: NetworkFile,
    wallet: { jwk: ArweaveJwk; signer: Signer },
    http: HttpClient,
    stops: Stops,
  ) {
    this.directory = directory;
    this.file = file;
    this.wallet = wallet.jwk;
    this.signer = wallet.signer;
    this.#http = http;
    this.#stops = stops;
  }

  /**
   * Starts the units one after another and resolves when all of them are ready.
   * @throws AoError `CONFIG.PORT_TAKEN` and what else keeps a unit from starting
   */
  static async start(options: NetworkOptions = {}): Promise<Network> {
    const stops: Stops = [];
    try {
      return await Network.#start(options, stops);
    } catch (error) {
      await runStops(stops);
      throw error;
    }
  }

  static async #start(options: NetworkOptions, stops: Stops): Promise<Network> {
    const directory = await stateDirectory(options.directory, stops);
    const walletPath = join(directory, 'wallet.json');
    const operatorPath = join(directory, 'operator.json');
    const wallets = Promise.all([readOrCreateWallet(walletPath), readOrCreateWallet(operatorPath)]);
    // If another part fails meanwhile, the folder must not be removed while these are being written.
    const written = wallets.then(
      () => {},
      () => {},
    );
    stops.push(() => written);

    const start = async (name: UnitName, variables: Environment): Promise<Unit> => {
      const unit = await create[name]({
        HOST: options.host ?? '127.0.0.1',
        PORT: String(options.ports?.[name] ?? 0),
        LOG_LEVEL: options.logLevel ?? 'warn',
        DATA_DIR: join(directory, name),
        DB_URL: join(directory, name, `${name}.sqlite`),
        ...variables,
        ...options.env?.[name],
      });
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
    const compute = await start('cu', { ...others, WALLET_FILE: operatorPath });
    const messenger = await start('mu', { ...others, CU_URL: compute.url, PATH_TO_WALLET: operatorPath });

    const file: NetworkFile = {
      gateway: gatewayUrl,
      uploader: gatewayUrl,
      su: scheduler.url,
      mu: messenger.url,
      cu: compute.url,
      scheduler: operator.signer.address,
      authority: operator.signer.address,
      module,
      wallet: walletPath,
    };
    await writeNetworkFile(directory, file);
    return new Network(directory, file, wallet, http, stops);
  }

  /**
   * Resolves when every message has been delivered and evaluated, and nothing is on its way any more.
   * @throws AoError `NETWORK.UNSETTLED` after `timeoutMs`
   */
  async settle(timeoutMs = 30_000): Promise<void> {
    const remote = { http: this.#http, url: this.file.mu, name: 'messenger unit' };
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const { pending } = await requestJson(remote, '/status', MessengerStatus);
      if (pending === 0) return;
      if (Date.now() > deadline) {
        throw new AoError(
          'NETWORK.UNSETTLED',
          `${pending} messages are still on their way after ${timeoutMs} ms.`,
          {
            action: 'retry',
            facts: { pending },
          },
        );
      }
      await delay(5);
    }
  }

  /** Stops the units, last started first. An ephemeral network leaves nothing behind. */
  async stop(): Promise<void> {
    await runStops(this.#stops);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

const create = {
  gateway: async (env: Environment) => gateway.create(gateway.configFrom(env)),
  su: async (env: Environment) => su.create(su.configFrom(env)),
  cu: async (env: Environment) => cu.create(cu.configFrom(env)),
  mu: async (env: Environment) => mu.create(mu.configFrom(env)),
};

async function runStops(stops: Stops): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
}

async function stateDirectory(directory: string | undefined, stops: Stops): Promise<string> {
  if (directory !== undefined) {
    await mkdir(directory, { recursive: true });
    return resolve(directory);
  }
  const temporary = await mkdtemp(join(tmpdir(), 'ao-'));
  stops.push(() => rm(temporary, { recursive: true, force: true }));
  return temporary;
}
