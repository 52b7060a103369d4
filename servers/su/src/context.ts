import type { Signer } from '@ao-ts/core/ans104';
import {
  createLogger,
  GatewayClient,
  HttpClient,
  outboundGuard,
  readSigner,
  UploaderClient,
} from '@ao-ts/server-kit';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { ScheduleStore } from './domain/schedule-store.ts';
import type { UploadOutbox } from './domain/upload-outbox.ts';
import { openStores, type Stores } from './stores/open.ts';

/** What the unit works with; a test may replace any of it. */
export interface Context {
  logger: Logger;
  /** Unix milliseconds. */
  clock: () => number;
  signer: Signer;
  http: HttpClient;
  gateway: GatewayClient;
  uploader: Pick<UploaderClient, 'upload'>;
  store: ScheduleStore;
  outbox: UploadOutbox;
  /** Waits between attempts to upload, in ms. */
  uploadDelay: { firstMs: number; maxMs: number };
}

export type Overrides = Partial<Context>;

export async function createContext(config: Config, overrides: Overrides): Promise<Context> {
  const logger = overrides.logger ?? createLogger({ name: 'su', level: config.LOG_LEVEL });
  const signer = overrides.signer ?? (await readSigner(config.SU_WALLET_PATH));
  const http = overrides.http ?? new HttpClient(outboundGuard(config, configuredUrls(config)));
  const arweaveUrl = config.ARWEAVE_URL ?? config.GATEWAY_URL;
  const graphqlUrl = config.GRAPHQL_URL ?? `${config.GATEWAY_URL}/graphql`;
  return {
    logger,
    clock: Date.now,
    signer,
    http,
    gateway: new GatewayClient(http, arweaveUrl, graphqlUrl),
    uploader: new UploaderClient(http, config.UPLOAD_NODE_URL),
    uploadDelay: { firstMs: 1000, maxMs: 32_000 },
    ...(await storesOf(config, overrides)),
    ...overrides,
  };
}

function configuredUrls(config: Config): (string | undefined)[] {
  const { GATEWAY_URL, ARWEAVE_URL, GRAPHQL_URL, UPLOAD_NODE_URL, IP_WHITELIST_URL, PROCESS_WHITELIST_URL } =
    config;
  const lists = [IP_WHITELIST_URL, PROCESS_WHITELIST_URL];
  return [
    GATEWAY_URL,
    ARWEAVE_URL,
    GRAPHQL_URL,
    UPLOAD_NODE_URL,
    ...lists,
    ...(config.ARWEAVE_URL_LIST ?? []),
  ];
}

async function storesOf(config: Config, { store, outbox }: Overrides): Promise<Stores> {
  return store && outbox ? { store, outbox } : openStores(config.DB_URL);
}
