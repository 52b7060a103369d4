import { BaseConfig, EnvBoolean, EnvList, EnvPort, EnvUrl, readConfig } from '@ao-ts/server-kit';
import { z } from 'zod';

const Milliseconds = z.coerce.number().int().min(10);

const Hosts = EnvList.pipe(z.array(EnvUrl).min(1)).refine(
  (urls) => new Set(urls).size === urls.length,
  'names a host twice',
);

/** A JSON object of base URLs by id or address. */
const UrlMap = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('must be JSON, like {"<id>":"http://cu.example"}');
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), EnvUrl))
  .transform((urls): ReadonlyMap<string, string> => new Map(Object.entries(urls)))
  .meta({ kind: 'JSON' });

/** The variables of the unit router. */
export const ConfigSchema = z
  .object({
    ...BaseConfig,
    PORT: EnvPort.default(4005),
    AO_UNIT: z
      .enum(['cu', 'mu', 'su'])
      .default('cu')
      .describe('Which kind of unit stands behind the router.'),
    HOSTS: Hosts.describe(
      'Base URLs of the units, comma-separated. With HASHING=modulo every router needs the same list in the same order.',
    ),
    STRATEGY: z
      .enum(['proxy', 'redirect'])
      .default('proxy')
      .describe('redirect: clients are sent to the unit (307), and must be able to reach it.'),
    HASHING: z
      .enum(['modulo', 'rendezvous'])
      .default('modulo')
      .describe(
        'modulo: as routers of other implementations. rendezvous: another host moves only the processes it takes over.',
      ),
    SUR_URL: EnvUrl.optional().describe(
      'Scheduler or router that is asked for owner and From-Module of a process.',
    ),
    PROCESS_TO_HOST: UrlMap.default(new Map()).describe('JSON: hosts by process id.'),
    OWNER_TO_HOST: UrlMap.default(new Map()).describe("JSON: hosts by address of a process's owner."),
    FROM_MODULE_TO_HOST: UrlMap.default(new Map()).describe("JSON: hosts by a process's From-Module tag."),
    REPEAT_WRITES: EnvBoolean.default(false).describe(
      'true where all messengers share one database: a write whose answer was lost is then repeated at another, which recognises it.',
    ),
    HEALTH_PATH: z
      .string()
      .startsWith('/')
      .default('/ready')
      .describe('What a unit is asked to see how it is.'),
    HEALTH_INTERVAL_MS: Milliseconds.default(1000).describe('How often units are asked how they are.'),
    HEALTH_TIMEOUT_MS: Milliseconds.default(2000).describe('How long they may take to say it.'),
    CONNECT_TIMEOUT_MS: Milliseconds.default(2000).describe('After which the next host is tried.'),
    ANSWER_TIMEOUT_MS: Milliseconds.default(300_000).describe(
      'How long a unit may take to begin its answer: an evaluation can take long.',
    ),
    MAX_BODY_BYTES: z.coerce
      .number()
      .int()
      .min(1)
      .default(10 * 1024 * 1024)
      .describe('Largest body of a request; it is kept until a unit has answered.'),
  })
  .refine((config) => config.SUR_URL || config.OWNER_TO_HOST.size + config.FROM_MODULE_TO_HOST.size === 0, {
    path: ['SUR_URL'],
    error: 'OWNER_TO_HOST and FROM_MODULE_TO_HOST need it',
  });

/** What the unit router is told by its environment. */
export type Config = Readonly<z.output<typeof ConfigSchema>>;

/** @throws AoError `CONFIG.INVALID` naming each bad variable */
export function configFrom(env: Record<string, string | undefined>): Config {
  return readConfig(ConfigSchema, env);
}
