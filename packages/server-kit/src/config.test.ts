import { expect, test } from 'vitest';
import { z } from 'zod';
import { EnvBoolean, EnvGraphqlUrl, EnvList, EnvPort, EnvUrl, readConfig } from './config.ts';
import { EnvAddresses } from './proxies.ts';

const schema = z.object({
  PORT: EnvPort.default(4003),
  GATEWAY_URL: EnvUrl,
  ALLOW: EnvList.default([]),
  METRICS: EnvBoolean.default(false),
  WALLET: z.string().min(10).optional(),
});

test('reads, trims and freezes', () => {
  const config = readConfig(schema, {
    GATEWAY_URL: 'http://localhost:4000/',
    ALLOW: 'a, b,',
    PORT: '',
    METRICS: 'true',
  });
  expect(config).toEqual({
    PORT: 4003,
    GATEWAY_URL: 'http://localhost:4000',
    ALLOW: ['a', 'b'],
    METRICS: true,
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('names every bad variable and the value seen', () => {
  const read = () => readConfig(schema, { PORT: '70000', GATEWAY_URL: 'ftp://x' });
  expect(read).toThrow(/PORT is '70000'/);
  expect(read).toThrow(/GATEWAY_URL is 'ftp:\/\/x'/);
  expect(() => readConfig(schema, {})).toThrow(/GATEWAY_URL is not set/);
});

test('does not print secrets', () => {
  const read = () => readConfig(schema, { GATEWAY_URL: 'http://x', WALLET: 'hunter2' });
  expect(read).toThrow(/WALLET is '…'/);
});

test('a variable is known by the names other implementations give it; the own name wins', () => {
  const renamed = z.object({
    DB_URL: z
      .string()
      .default('x.sqlite')
      .meta({ aliases: ['DATABASE_URL'] }),
    STEPS: z.coerce
      .number()
      .int()
      .default(10)
      .meta({ aliases: ['CHECKPOINT_STEPS', 'CHECKPONT_STEPS'] }),
  });
  expect(readConfig(renamed, { DATABASE_URL: 'postgres://db', CHECKPONT_STEPS: '3' })).toEqual({
    DB_URL: 'postgres://db',
    STEPS: 3,
  });
  expect(readConfig(renamed, { DATABASE_URL: 'theirs', DB_URL: 'ours' }).DB_URL).toBe('ours');
  expect(() => readConfig(renamed, { CHECKPONT_STEPS: 'many' })).toThrow(/CHECKPONT_STEPS is 'many'/);
});

test('a variable of ao that is not known is warned about, once; those of others are not', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  const known = z.object({ AO_UNIT: z.string().default('cu') });
  for (let i = 0; i < 2; i++) readConfig(known, { AO_UNIT: 'mu', AO_UNTI: 'cu', HOME: '/root' });
  await new Promise(setImmediate);
  process.off('warning', listen);
  expect(warnings.map(({ name, message }) => `${name}: ${message}`)).toEqual([
    'ConfigWarning: AO_UNTI is not a variable of this unit and does nothing.',
  ]);
});

test('passwords in URLs are refused where they would do nothing, and never shown', () => {
  const read = () => readConfig(schema, { GATEWAY_URL: 'https://me:hunter2@gateway' });
  expect(read).toThrow(/must not contain a user or password/);
  expect(read).not.toThrow(/hunter2/);
  const database = z.object({ DB_URL: z.string().max(5) });
  expect(() => readConfig(database, { DB_URL: 'postgres://me:hunter2@db/ao' })).toThrow(/postgres:\/\/…@db/);
});

test('a GraphQL endpoint may be given by its host', () => {
  const graphql = (url: string) => readConfig(z.object({ URL: EnvGraphqlUrl }), { URL: url }).URL;
  expect(graphql('https://g.example')).toBe('https://g.example/graphql');
  expect(graphql('https://g.example/gql')).toBe('https://g.example/gql');
});

test('trusted proxies are addresses and ranges', () => {
  const read = (text: string) =>
    readConfig(z.object({ TRUSTED_PROXIES: EnvAddresses }), { TRUSTED_PROXIES: text });
  const { TRUSTED_PROXIES: proxies } = read('10.1.0.0/16, 2001:db8::/32,loopback,192.0.2.7');
  const inside = ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1', '127.0.0.1', '::1', '192.0.2.7'];
  expect(inside.filter((address) => !proxies.has(address))).toEqual([]);
  const outside = ['10.2.0.1', '192.0.2.8', '2001:db9::1', '', 'unknown'];
  expect(outside.filter((address) => proxies.has(address))).toEqual([]);
  for (const wrong of ['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8']) {
    expect(() => read(wrong)).toThrow(/neither an IP address nor a range/);
  }
});
