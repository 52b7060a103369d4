import { BaseConfig, EnvList, EnvPort, EnvUrl, readConfig } from '@ao-ts/server-kit';
import { z } from 'zod';

const schema = z.object({
  ...BaseConfig,
  PORT: EnvPort.default(4003),
  SU_WALLET_PATH: z
    .string()
    .describe('File with the key that signs assignments (JWK): RSA-4096, Ed25519 or secp256k1.'),
  DB_URL: z.string().default('./data/su.sqlite').describe('File that keeps the schedules.'),
  GATEWAY_URL: EnvUrl.describe('Arweave gateway.'),
  ARWEAVE_URL: EnvUrl.optional().describe('Where blocks and data are asked for; GATEWAY_URL unless set.'),
  GRAPHQL_URL: EnvUrl.optional().describe('GraphQL endpoint; /graphql of GATEWAY_URL unless set.'),
  ARWEAVE_URL_LIST: EnvList.optional().describe('Gateways that may hold what On-Boot names.'),
  UPLOAD_NODE_URL: EnvUrl.describe('Bundler that puts items and assignments on Arweave.'),
  SCHEDULER_ADDRESSES: EnvList.default([]).describe(
    "Addresses a spawn's Scheduler tag may name besides this unit's own; `*` for any.",
  ),
  HEIGHT_REFRESH_MS: z.coerce.number().int().min(10).default(5000),
  MAX_PAGE_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(64 * 1024 * 1024)
    .describe('A page of a schedule ends after this many bytes of JSON.'),
  MAX_QUEUE: z.coerce
    .number()
    .int()
    .min(1)
    .default(2000)
    .describe('Items of one process that may wait for their slot.'),
});

/** What the Scheduler Unit is told by its environment. */
export type Config = Readonly<z.output<typeof schema>>;

/** @throws AoError `CONFIG.INVALID` naming each bad variable */
export function configFrom(env: Record<string, string | undefined>): Config {
  return readConfig(schema, env);
}
