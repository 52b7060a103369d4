import {
  BaseConfig,
  EnvBoolean,
  EnvGraphqlUrl,
  EnvList,
  EnvPort,
  EnvUrl,
  OutboundConfig,
  readConfig,
} from '@ao-ts/server-kit';
import { z } from 'zod';

const HOUR_MS = 3_600_000;

const perMinute = (whom: string) =>
  z.coerce.number().int().min(1).optional().describe(`Requests a minute and ${whom}. Default: any number.`);

/** The variables of the Messenger Unit. */
export const ConfigSchema = z.object({
  ...BaseConfig,
  ...OutboundConfig,
  PORT: EnvPort.default(4002),
  PATH_TO_WALLET: z
    .string()
    .describe(
      'Key that signs messages (JWK file: RSA-4096, secp256k1 or Ed25519); its address is the authority.',
    ),
  DB_URL: z
    .string()
    .default('mu.sqlite')
    .describe('The ledger: a SQLite file, or postgres://… for several units that share it.'),
  CU_URL: EnvUrl.default('http://127.0.0.1:4004').describe(
    'Compute unit, or a router of several, that is asked for results.',
  ),
  SU_URL: EnvUrl.optional().meta({
    description: 'A scheduler or router that is asked first where a process is.',
    aliases: ['SU_ROUTER_URL'],
  }),
  GATEWAY_URL: EnvUrl.default('http://127.0.0.1:4000').describe('Arweave gateway.'),
  GRAPHQL_URL: EnvGraphqlUrl.optional().describe('Default: GATEWAY_URL/graphql.'),
  UPLOADER_URL: EnvUrl.optional().describe('Bundler for messages to wallets. Default: GATEWAY_URL.'),
  ANSWER_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(30_000)
    .describe('How long another unit may take to answer; a compute unit has five minutes for a result.'),
  RETRY_FIRST_DELAY_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(250)
    .meta({
      description:
        'Wait before the second attempt; each further one waits twice as long, up to RETRY_MAX_DELAY_MS.',
      aliases: ['TASK_QUEUE_RETRY_DELAY'],
    }),
  RETRY_MAX_DELAY_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(30_000)
    .describe('Longest wait between two attempts.'),
  RETRY_MAX_AGE_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(7 * 24 * HOUR_MS)
    .describe('Age at which what still fails is given up and put among the dead; a monitor ends.'),
  RETENTION_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(7 * 24 * HOUR_MS)
    .describe('How long what is finished can still be looked at.'),
  MAX_DEPTH: z.coerce
    .number()
    .int()
    .min(1)
    .default(Number.MAX_SAFE_INTEGER)
    .describe('Hops from what a client sent after which messages are kept back, among the dead.'),
  ROOT_BUDGET: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Messages, spawns and assignments that one message of a client may cause; more are kept back, among the dead. Default: any number.',
    ),
  ENABLE_PUSH: EnvBoolean.default(true).describe('Whether anyone may ask for a missing message to be sent.'),
  RATE_LIMIT_WALLET: perMinute('wallet'),
  RATE_LIMIT_IP: perMinute('IP address'),
  RATE_LIMIT_PROCESS: perMinute('process'),
  PROCESS_ALLOW: EnvList.default([]).describe('If not empty, only these processes are served.'),
  PROCESS_DENY: EnvList.default([]).describe('Processes that are not served.'),
  WALLET_DENY: EnvList.default([]).describe('Addresses of wallets that are not served.'),
  FROM_PROCESS_BLACKLIST: EnvList.default([]).describe('Values of From-Process no client may claim.'),
  MONITOR_INTERVAL_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(10_000)
    .describe('How often cron results of a monitored process are fetched.'),
});

export type Config = Readonly<z.output<typeof ConfigSchema>>;

/** @throws AoError `CONFIG.INVALID` */
export function configFrom(env: Record<string, string | undefined>): Config {
  return readConfig(ConfigSchema, env);
}
