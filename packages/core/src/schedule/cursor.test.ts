import { expect, test } from 'vitest';
import { decodeBound, encodeCursor } from './cursor.ts';

test('the encoding is the public one, byte for byte', () => {
  const cursor = encodeCursor({ timestamp: 1795344259136, ordinate: 0, cron: null, sort: 'ASC' });
  expect(cursor).toBe(
    'eyJ0aW1lc3RhbXAiOjE3OTUzNDQyNTkxMzYsIm9yZGluYXRlIjoiMCIsImNyb24iOm51bGwsInNvcnQiOiJBU0MifQ==',
  );
  expect(decodeBound(cursor)).toEqual({
    cursor: { timestamp: 1795344259136, ordinate: 0, cron: null, sort: 'ASC' },
  });
});

test('cron names and order survive', () => {
  const cursor = { timestamp: 1, ordinate: 7, cron: '0-10-seconds', sort: 'DESC' as const };
  expect(decodeBound(encodeCursor(cursor))).toEqual({ cursor });
});

test('a number is a timestamp', () => {
  expect(decodeBound('1795344259136')).toEqual({ timestamp: 1795344259136 });
});

test.each(['', 'null', 'e30=', 'bm90IGpzb24=', 'NaN'])('%j is refused', (text) => {
  expect(() => decodeBound(text)).toThrow('neither a cursor nor a timestamp');
});
