import { AoError } from '@ao-ts/core';
import { z } from 'zod';
import { EnvAddresses } from './proxies.ts';

declare module 'zod' {
  interface GlobalMeta {
    /** Other names a variable is known by: those of other implementations. */
    aliases?: readonly string[];
    /** What kind of text it is, where the schema does not say it: "list", "JSON". */
    kind?: string;
    /** What a document says where the default is not the same on every machine. */
    shownDefault?: string;
  }
}

/** Text of an environment variable that stands for true or false. */
export const EnvBoolean = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1');

/** An http(s) URL without a trailing slash. */
export const EnvUrl = z
  .url({ protocol: /^https?$/ })
  .refine((url) => !/^[a-z]+:\/\/[^/?#]*@/i.test(url), 'must not contain a user or password')
  .transform((url) => url.replace(/\/+$/, ''));

/** The URL of a GraphQL endpoint. Given only a host, it is `/graphql` there. */
export const EnvGraphqlUrl = EnvUrl.transform((url) =>
  new URL(url).pathname === '/' ? `${url}/graphql` : url,
);

/** A TCP port; 0 lets the system choose. */
export const EnvPort = z.coerce
  .number()
  .int()
  .min(0)
  .max(65535)
  .describe('Port to listen on; 0 for any that is free.');

/** A comma-separated list; empty text is an empty list. */
export const EnvList = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .meta({ kind: 'list' });

const Count = z.coerce.number().int().min(1);

/** What every unit server is told. */
export const BaseConfig = {
  HOST: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for all.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .meta({
      description: 'What is logged. SIGUSR2 switches to `debug` and back.',
      aliases: ['DEFAULT_LOG_LEVEL'],
    }),
  TRUSTED_PROXIES: EnvAddresses.optional().describe(
    'Addresses and ranges (`10.0.0.0/8`), `loopback` or `private`, whose X-Forwarded-For and X-Real-IP are believed. Nobody unless set.',
  ),
  CORS_ORIGINS: EnvList.default(['*']).describe('Web pages that may ask: their origins, or `*` for all.'),
  MAX_CONCURRENT_REQUESTS: Count.default(4096).describe(
    'Requests under way; further ones are answered 503 with Retry-After.',
  ),
  MAX_REQUESTS_PER_IP_PER_MINUTE: Count.optional().describe(
    'Requests of one address; further ones are answered 429 with Retry-After. No limit unless set.',
  ),
  SLOW_CLIENT_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(120_000)
    .describe('A client that sends its request, or reads its answer, more slowly is cut off.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: EnvUrl.optional().describe(
    'OpenTelemetry collector (OTLP over HTTP) that gets traces, at /v1/traces. No traces unless set.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: EnvUrl.optional().describe(
    'The whole URL for traces, if it is another.',
  ),
};

/** What units are told that reach out to where others point them. */
export const OutboundConfig = {
  ALLOW_PRIVATE_ADDRESSES: EnvBoolean.default(false).describe(
    'Whether redirects and Scheduler-Locations may lead to private addresses. Set it where all units are on a network of your own.',
  ),
};

export type BaseSettings = Readonly<z.output<z.ZodObject<typeof BaseConfig>>>;

type Environment = Record<string, string | undefined>;

/**
 * Reads a unit's configuration. Empty text counts as unset. A variable that begins with `AO_` and is not known is warned
 * about, since it does nothing.
 * @throws AoError `CONFIG.INVALID` naming each bad variable, the value seen and what is allowed
 */
export function readConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Environment,
): Readonly<z.output<z.ZodObject<Shape>>> {
  const { given, seenAs } = collect(schema, env);
  warnAboutUnknown(schema, env);
  const parsed = schema.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  const problems = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    const seen = name in given ? `is '${shown(name, given[name])}'` : 'is not set';
    return `${seenAs[name] ?? name} ${seen}: ${issue.message}`;
  });
  throw new AoError('CONFIG.INVALID', `Configuration: ${problems.join('; ')}`, { action: 'fix' });
}

/** The variables the schema names, and under which name they were found. */
function collect(schema: z.ZodObject, env: Environment) {
  const given: Record<string, string> = {};
  const seenAs: Record<string, string> = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const aliases = (field as z.ZodType).meta()?.aliases ?? [];
    const found = [name, ...aliases].find((candidate) => env[candidate]);
    if (found === undefined) continue;
    given[name] = env[found] ?? '';
    seenAs[name] = found;
  }
  return { given, seenAs };
}

const warned = new Set<string>();

function warnAboutUnknown(schema: z.ZodObject, env: Environment): void {
  for (const name of Object.keys(env)) {
    if (!name.startsWith('AO_') || name in schema.shape || warned.has(name)) continue;
    warned.add(name);
    process.emitWarning(`${name} is not a variable of this unit and does nothing.`, 'ConfigWarning');
  }
}

const SECRET = /WALLET|KEY|SECRET|TOKEN|PASSWORD/;

/** A value as an error may show it: no key, and no password of a URL. */
function shown(name: string, value = ''): string {
  return SECRET.test(name) ? '…' : value.replace(/(:\/\/)[^/?#]*@/, '$1…@');
}
