import { join } from 'node:path';
import type { Signer } from '@ao-ts/core/ans104';
import {
  createLogger,
  GatewayClient,
  HttpClient,
  outboundGuard,
  ProcessDirectory,
  signerFrom,
  UploaderClient,
} from '@ao-ts/server-kit';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { ResultEvents } from './domain/result-events.ts';
import type { SnapshotStore } from './domain/snapshot-store.ts';
import { ModuleFiles } from './stores/module-files.ts';
import { openStores, type Stores } from './stores/open-stores.ts';
import { SnapshotFiles } from './stores/snapshot-files.ts';

/** What the unit works with; a test may replace any of it. */
export interface Context extends Stores {
  logger: Logger;
  /** Unix milliseconds. */
  clock: () => number;
  /** The unit's wallet. */
  signer: Signer;
  http: HttpClient;
  gateway: GatewayClient;
  uploader: Pick<UploaderClient, 'upload'>;
  directory: ProcessDirectory;
  /** Wakes those who follow a process. */
  events: ResultEvents;
  moduleFiles: ModuleFiles;
  snapshots: SnapshotStore;
}

export type Overrides = Partial<Context>;

export async function createContext(config: Config, overrides: Overrides): Promise<Context> {
  const http = overrides.http ?? new HttpClient(outboundGuard(config, configuredUrls(config)));
  const gateway =
    overrides.gateway ??
    new GatewayClient(
      http,
      config.ARWEAVE_URL ?? config.GATEWAY_URL,
      config.GRAPHQL_URL ?? `${config.GATEWAY_URL}/graphql`,
    );
  return {
    logger: createLogger({ name: 'cu', level: config.LOG_LEVEL }),
    clock: Date.now,
    signer: overrides.signer ?? (await signerFrom({ text: config.WALLET, path: config.WALLET_FILE })),
    http,
    gateway,
    uploader: new UploaderClient(http, config.UPLOADER_URL ?? config.GATEWAY_URL),
    directory: new ProcessDirectory({
      http,
      gateway,
      ...(config.SU_URL === undefined ? {} : { schedulerUrl: config.SU_URL }),
    }),
    events: new ResultEvents(),
    moduleFiles: new ModuleFiles(join(config.DATA_DIR, 'modules')),
    snapshots: new SnapshotFiles(join(config.DATA_DIR, 'snapshots')),
    ...(await openStores(config.DB_URL)),
    ...overrides,
  };
}

function configuredUrls({ SU_URL, GATEWAY_URL, ARWEAVE_URL, GRAPHQL_URL, UPLOADER_URL }: Config) {
  return [SU_URL, GATEWAY_URL, ARWEAVE_URL, GRAPHQL_URL, UPLOADER_URL];
}
