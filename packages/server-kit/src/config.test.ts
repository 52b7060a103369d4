import { expect, test } from 'vitest';
import { z } from 'zod';
import { EnvBoolean, EnvList, EnvPort, EnvUrl, readConfig } from './config.ts';

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
