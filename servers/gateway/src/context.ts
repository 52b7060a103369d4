import { join } from 'node:path';
import { createLogger, openSqlite } from '@ao-ts/server-kit';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { Archive } from './domain/archive.ts';
import type { ArchiveStore } from './domain/archive-store.ts';
import { Chain } from './domain/chain.ts';
import { BlobFiles } from './stores/blob-files.ts';
import { migrations } from './stores/migrations.ts';
import { SqliteArchiveStore } from './stores/sqlite-archive-store.ts';
import { SqliteChainStore } from './stores/sqlite-chain-store.ts';

/** What the routes work with. */
export interface Context {
  config: Config;
  logger: Logger;
  chain: Chain;
  store: ArchiveStore;
  archive: Archive;
  close(): void;
}

/** What a test or an embedding program may bring itself. */
export interface Overrides {
  logger?: Logger;
  /** Unix milliseconds. */
  clock?: () => number;
}

export async function createContext(config: Config, overrides: Overrides): Promise<Context> {
  const blobs = await BlobFiles.open(join(config.DATA_DIR, 'blobs'));
  const db = openSqlite(join(config.DATA_DIR, 'gateway.sqlite'), migrations);
  const store = new SqliteArchiveStore(db);
  const chain = Chain.open({
    store: new SqliteChainStore(db),
    clock: overrides.clock ?? Date.now,
    startHeight: config.START_HEIGHT,
    intervalMs: config.BLOCK_TIME_MS,
    // Records are numbered in the order of heights; a clock that was set back must not change that.
    atLeast: store.lastHeight() - 1,
  });
  return {
    config,
    logger: overrides.logger ?? createLogger({ name: 'gateway', level: config.LOG_LEVEL }),
    chain,
    store,
    archive: new Archive({ store, blobs, chain, maxUploadBytes: config.MAX_UPLOAD_BYTES }),
    close: () => store.close(),
  };
}
