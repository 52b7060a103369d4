import { AoError } from '@ao-ts/core';
import { z } from 'zod';

/** Text of an environment variable that stands for true or false. */
export const EnvBoolean = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1');

/** An http(s) URL without a trailing slash. */
export const EnvUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));

/** A TCP port; 0 lets the system choose. */
export const EnvPort = z.coerce.number().int().min(0).max(65535);

/** A comma-separated list; empty text is an empty list. */
export const EnvList = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** What every unit server is told. */
export const BaseConfig = {
  HOST: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for all.'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
};

/**
 * Reads a unit's configuration. Variables the schema does not name are ignored; empty text counts as unset.
 * @throws AoError `CONFIG.INVALID` naming each bad variable, the value seen and what is allowed
 */
export function readConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Record<string, string | undefined>,
): Readonly<z.output<z.ZodObject<Shape>>> {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  const problems = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    const seen = name in given ? `is '${SECRET.test(name) ? '…' : given[name]}'` : 'is not set';
    return `${name} ${seen}: ${issue.message}`;
  });
  throw new AoError('CONFIG.INVALID', `Configuration: ${problems.join('; ')}`, { action: 'fix' });
}

const SECRET = /WALLET|KEY|SECRET|TOKEN|PASSWORD/;
