import { createLogger, HttpClient } from '@ao-ts/server-kit';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { ProcessFactsClient } from './remote/process-facts.ts';
import { Upstreams } from './remote/upstreams.ts';

/** What the router works with; a test may replace any of it. */
export interface Context {
  logger: Logger;
  http: HttpClient;
  upstreams: Upstreams;
  /** Absent where nothing depends on the owner or From-Module of a process. */
  processes: Pick<ProcessFactsClient, 'find'> | undefined;
}

export type Overrides = Partial<Context>;

export function createContext(config: Config, overrides: Overrides): Context {
  const http = overrides.http ?? new HttpClient();
  return {
    logger: createLogger({ name: `${config.AO_UNIT}-router`, level: config.LOG_LEVEL }),
    http,
    upstreams: new Upstreams({
      connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
      answerTimeoutMs: config.ANSWER_TIMEOUT_MS,
      health: { path: config.HEALTH_PATH, timeoutMs: config.HEALTH_TIMEOUT_MS },
    }),
    processes: config.SUR_URL === undefined ? undefined : new ProcessFactsClient(http, config.SUR_URL),
    ...overrides,
  };
}
