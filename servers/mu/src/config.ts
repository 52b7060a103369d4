import { BaseConfig, EnvPort, EnvUrl, readConfig } from '@ao-ts/server-kit';
import { z } from 'zod';

const HOUR_MS = 3_600_000;

const Schema = z.object({
  ...BaseConfig,
  PORT: EnvPort.default(4002),
  PATH_TO_WALLET: z
    .string()
    .describe('Arweave wallet (JWK file) that signs messages; its address is the authority.'),
  DB_URL: z.string().default('mu.sqlite').describe('SQLite file of the ledger.'),
  CU_URL: EnvUrl.default('http://127.0.0.1:4004'),
  SU_URL: EnvUrl.optional().describe('A scheduler or router that is asked first where a process is.'),
  SU_ROUTER_URL: EnvUrl.optional().describe('Another name of SU_URL.'),
  GATEWAY_URL: EnvUrl.default('http://127.0.0.1:4000'),
  GRAPHQL_URL: EnvUrl.optional().describe('Default: GATEWAY_URL/graphql.'),
  UPLOADER_URL: EnvUrl.optional().describe('Bundler for messages to wallets. Default: GATEWAY_URL.'),
  RETRY_FIRST_DELAY_MS: z.coerce.number().int().min(1).default(250),
  RETRY_MAX_DELAY_MS: z.coerce.number().int().min(1).default(30_000),
  RETRY_MAX_AGE_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(7 * 24 * HOUR_MS)
    .describe('Age at which what still fails is given up and put among the dead.'),
  MONITOR_INTERVAL_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(10_000)
    .describe('How often cron results of a monitored process are fetched.'),
});

export type Config = Readonly<z.output<typeof Schema>>;

/** @throws AoError `CONFIG.INVALID` */
export function configFrom(env: Record<string, string | undefined>): Config {
  return readConfig(Schema, env);
}
