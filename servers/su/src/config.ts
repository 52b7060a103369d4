import {
  BaseConfig,
  EnvGraphqlUrl,
  EnvList,
  EnvPort,
  EnvUrl,
  OutboundConfig,
  readConfig,
} from '@ao-ts/server-kit';
import { z } from 'zod';

const Count = z.coerce.number().int().min(1);
const Milliseconds = z.coerce.number().int().min(10);

/** What the program is: one scheduler, or the router in front of several. */
export const ModeSchema = z.object({
  MODE: z
    .enum(['su', 'router'])
    .default('su')
    .describe('`router`: leads to the schedulers of SCHEDULER_LIST_PATH.'),
});

/** The variables of the Scheduler Unit. */
export const ConfigSchema = z
  .object({
    ...BaseConfig,
    ...OutboundConfig,
    PORT: EnvPort.default(4003),
    SU_WALLET_PATH: z
      .string()
      .describe('File with the key that signs assignments (JWK): RSA-4096, Ed25519 or secp256k1.'),
    DB_URL: z
      .string()
      .default('./data/su.sqlite')
      .meta({
        description: 'What keeps the schedules: a SQLite file, or a postgres:// URL.',
        aliases: ['DATABASE_URL'],
      }),
    GATEWAY_URL: EnvUrl.describe('Arweave gateway.'),
    ARWEAVE_URL: EnvUrl.optional().describe('Where blocks and data are asked for; GATEWAY_URL unless set.'),
    GRAPHQL_URL: EnvGraphqlUrl.optional().describe('GraphQL endpoint; /graphql of GATEWAY_URL unless set.'),
    ARWEAVE_URL_LIST: EnvList.optional().describe('Gateways that may hold what On-Boot names.'),
    UPLOAD_NODE_URL: EnvUrl.describe('Bundler that puts items and assignments on Arweave.'),
    SCHEDULER_ADDRESSES: EnvList.default([]).describe(
      "Addresses a spawn's Scheduler tag may name besides this unit's own; `*` for any.",
    ),
    HEIGHT_REFRESH_MS: Milliseconds.default(5000).describe(
      'How often the gateway is asked for the block height.',
    ),
    MAX_PAGE_BYTES: Count.default(64 * 1024 * 1024).describe(
      'A page of a schedule ends after this many bytes of JSON.',
    ),
    MAX_QUEUE: Count.default(2000).describe('Items of one process that may wait for their slot.'),
    MAX_BYTES_IN_FLIGHT: Count.default(256 * 1024 * 1024).describe('Bodies of unanswered requests together.'),
    MAX_MESSAGE_SIZE_BYTES: Count.optional().describe('Largest message; no limit of its own unless set.'),
    MAX_SIZE_OWNER_WHITELIST: EnvList.default([]).describe('Addresses that may send larger messages.'),
    MAX_SIZE_FROM_OWNER_WHITELIST: EnvList.default([]).describe(
      'Addresses that may do so for the processes of MAX_SIZE_FROM_WHITELIST.',
    ),
    MAX_SIZE_FROM_WHITELIST: EnvList.default([]).describe(
      'Processes, by their From-Process tag, for which MAX_SIZE_FROM_OWNER_WHITELIST may send larger messages.',
    ),
    MAX_ITEMS_PER_OWNER_PER_MINUTE: Count.optional().describe(
      'Items of one owner; further ones are answered 429. No limit unless set.',
    ),
    IP_WHITELIST_URL: EnvUrl.optional().describe(
      'JSON array of addresses that may write; everybody unless set.',
    ),
    PROCESS_WHITELIST_URL: EnvUrl.optional().describe('JSON of the processes served; all unless set.'),
    URL: EnvUrl.optional().describe('Own URL, as PROCESS_WHITELIST_URL spells it.'),
    LIST_REFRESH_MS: Milliseconds.default(10_000).describe('How often the lists are asked for.'),
  })
  .refine((config) => !config.PROCESS_WHITELIST_URL || config.URL, {
    path: ['URL'],
    error: 'PROCESS_WHITELIST_URL needs it',
  });

/** What the Scheduler Unit is told by its environment. */
export type Config = Readonly<z.output<typeof ConfigSchema>>;

/** @throws AoError `CONFIG.INVALID` naming each bad variable */
export function configFrom(env: Record<string, string | undefined>): Config {
  return readConfig(ConfigSchema, env);
}
