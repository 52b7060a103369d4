import { BaseConfig, EnvPort, EnvUrl, readConfig } from '@ao-ts/server-kit';
import { z } from 'zod';

/** The variables of a router. */
export const RouterSchema = z.object({
  ...BaseConfig,
  PORT: EnvPort.default(4003),
  DB_URL: z.string().default('./data/router.sqlite').describe('File that keeps which process lives where.'),
  SCHEDULER_LIST_PATH: z.string().describe('JSON file of the schedulers behind this router.'),
  IP_WHITELIST_URL: EnvUrl.optional().describe(
    'JSON array of addresses that may write; everybody unless set.',
  ),
  LIST_REFRESH_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(10_000)
    .describe('How often the list is asked for.'),
});

/** What a router is told by its environment. */
export type RouterConfig = Readonly<z.output<typeof RouterSchema>>;

/** @throws AoError `CONFIG.INVALID` naming each bad variable */
export function routerConfigFrom(env: Record<string, string | undefined>): RouterConfig {
  return readConfig(RouterSchema, env);
}
