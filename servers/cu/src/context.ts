import { join } from 'node:path';
import type { Signer } from '@ao-ts/core/ans104';
import {
  GatewayClient,
  GroupCommit,
  HttpClient,
  openSqlite,
  ProcessDirectory,
  readWallet,
  UploaderClient,
} from '@ao-ts/server-kit';
import { type Logger, pino } from 'pino';
import type { Config } from './config.ts';
import type { DescriptionStore } from './domain/description-store.ts';
import { ResultEvents } from './domain/result-events.ts';
import type { ResultStore } from './domain/result-store.ts';
import type { SnapshotStore } from './domain/snapshot-store.ts';
import { ModuleFiles } from './stores/module-files.ts';
import { SnapshotFiles } from './stores/snapshot-files.ts';
import { SqliteDescriptionStore } from './stores/sqlite-description-store.ts';
import { migrations } from './stores/sqlite-migrations.ts';
import { SqliteResultStore } from './stores/sqlite-result-store.ts';

/** What the unit works with; a test may replace any of it. */
export interface Context {
  logger: Logger;
  /** Unix milliseconds. */
  clock: () => number;
  /** The unit's wallet. */
  signer: Signer;
  http: HttpClient;
  gateway: GatewayClient;
  uploader: Pick<UploaderClient, 'upload'>;
  directory: ProcessDirectory;
  results: ResultStore;
  /** Wakes those who follow a process. */
  events: ResultEvents;
  descriptions: DescriptionStore;
  moduleFiles: ModuleFiles;
  snapshots: SnapshotStore;
  closeStores: () => void;
}

export type Overrides = Partial<Context>;

export async function createContext(config: Config, overrides: Overrides): Promise<Context> {
  const http = overrides.http ?? new HttpClient();
  const gateway =
    overrides.gateway ??
    new GatewayClient(
      http,
      config.ARWEAVE_URL ?? config.GATEWAY_URL,
      config.GRAPHQL_URL ?? `${config.GATEWAY_URL}/graphql`,
    );
  return {
    logger: pino({ name: 'cu', level: config.LOG_LEVEL }),
    clock: Date.now,
    signer: overrides.signer ?? (await readWallet(config.WALLET_FILE)).signer,
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
    ...openStores(config, overrides),
    ...overrides,
  };
}

function openStores(
  config: Config,
  overrides: Overrides,
): Pick<Context, 'results' | 'descriptions' | 'closeStores'> {
  const { results, descriptions, closeStores } = overrides;
  if (results && descriptions && closeStores) return { results, descriptions, closeStores };
  const db = openSqlite(config.DB_URL, migrations);
  const commit = new GroupCommit(db);
  return {
    results: new SqliteResultStore(db, commit),
    descriptions: new SqliteDescriptionStore(db, commit),
    closeStores: () => {
      commit.flush();
      db.close();
    },
  };
}
