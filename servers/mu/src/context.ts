import type { Signer } from '@ao-ts/core/ans104';
import {
  ComputeClient,
  createLogger,
  GatewayClient,
  HttpClient,
  outboundGuard,
  ProcessDirectory,
  readSigner,
  UploaderClient,
} from '@ao-ts/server-kit';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { Ledger } from './domain/ledger.ts';
import type { NewNode } from './domain/node.ts';
import { openLedger } from './stores/open-ledger.ts';

/** Results are waited for on open connections, one per process or more. */
const CONNECTIONS_PER_HOST = 512;

/** What the unit works with; a test may replace any of it. */
export interface Context {
  logger: Logger;
  /** Unix ms. */
  clock: () => number;
  /** From 0 to 1. */
  random: () => number;
  /** Signs what processes emit; its address is the authority they trust. */
  signer: Signer;
  http: HttpClient;
  compute: ComputeClient;
  uploader: Pick<UploaderClient, 'upload'>;
  directory: ProcessDirectory;
  ledger: Ledger;
  /** Why an entry of an outbox is kept back, among the dead, until someone has it sent; undefined lets it go. */
  keepBack: (entry: NewNode) => string | undefined;
}

export type Overrides = Partial<Context>;

export async function createContext(config: Config, overrides: Overrides): Promise<Context> {
  const logger = overrides.logger ?? createLogger({ name: 'mu', level: config.LOG_LEVEL });
  const clock = overrides.clock ?? Date.now;
  const onFailure = (error: unknown) => logger.warn({ err: error }, 'the ledger is in trouble');
  const http =
    overrides.http ??
    new HttpClient({
      connections: CONNECTIONS_PER_HOST,
      timeoutMs: config.ANSWER_TIMEOUT_MS,
      ...outboundGuard(config, configuredUrls(config)),
    });
  const { SU_URL: schedulerUrl } = config;
  return {
    logger,
    clock,
    random: Math.random,
    signer: overrides.signer ?? (await readSigner(config.PATH_TO_WALLET)),
    http,
    compute: new ComputeClient(http, config.CU_URL),
    uploader: new UploaderClient(http, uploaderUrl(config)),
    directory: new ProcessDirectory({
      http,
      gateway: new GatewayClient(http, config.GATEWAY_URL, config.GRAPHQL_URL),
      ...(schedulerUrl === undefined ? {} : { schedulerUrl }),
    }),
    keepBack: () => undefined,
    ledger: overrides.ledger ?? (await openLedger(config.DB_URL, { clock, onFailure })),
    ...overrides,
  };
}

function configuredUrls({ CU_URL, SU_URL, GATEWAY_URL, GRAPHQL_URL, UPLOADER_URL }: Config) {
  return [CU_URL, SU_URL, GATEWAY_URL, GRAPHQL_URL, UPLOADER_URL];
}

export function uploaderUrl(config: Config): string {
  return config.UPLOADER_URL ?? config.GATEWAY_URL;
}
