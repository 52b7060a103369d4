import { expect, test } from 'vitest';
import { parseMemoryLimit } from './module.ts';

test.each([
  ['512-mb', 512 * 2 ** 20],
  ['1-gb', 2 ** 30],
  ['1.5-GB', 1.5 * 2 ** 30],
  ['100-kb', 102_400],
  ['4096', 4096],
  ['10mb', 10 * 2 ** 20],
  ['lots', undefined],
  ['-5-mb', undefined],
  ['5-pb', undefined],
  ['', undefined],
])('a Memory-Limit of %j is %s bytes', (text, bytes) => {
  expect(parseMemoryLimit(text)).toBe(bytes);
});
