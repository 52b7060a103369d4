import { BaseConfig, EnvPort, readConfig } from '@ao-ts/server-kit';
import { z } from 'zod';

/** The variables of the local gateway. */
export const ConfigSchema = z.object({
  ...BaseConfig,
  PORT: EnvPort.default(4000),
  DATA_DIR: z.string().default('data/gateway').describe('Folder of the database and of large uploads.'),
  START_HEIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(1_650_000)
    .describe('Height of the first block. Units treat heights below 1,600,000 as an older protocol.'),
  BLOCK_TIME_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(86_400_000)
    .default(2000)
    .describe('Time between blocks in ms; 0: a block only when /mine is asked.'),
  MAX_UPLOAD_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(4 * 1024 ** 3)
    .default(256 * 1024 ** 2)
    .describe('Largest data item or transaction accepted, in bytes.'),
});

export type Config = Readonly<z.output<typeof ConfigSchema>>;

/** @throws AoError `CONFIG.INVALID` */
export function configFrom(env: Record<string, string | undefined>): Config {
  return readConfig(ConfigSchema, env);
}
