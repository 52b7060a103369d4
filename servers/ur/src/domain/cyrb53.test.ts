import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cyrb53 } from './cyrb53.ts';

const { vectors } = JSON.parse(
  readFileSync(new URL('../../../../packages/core/vectors/cyrb53.json', import.meta.url), 'utf8'),
) as { vectors: { text: string; hash: number }[] };

test.each(vectors)('cyrb53 of "$text"', ({ text, hash }) => {
  expect(cyrb53(text)).toBe(hash);
});

test('text outside ASCII counts by its UTF-16 units', () => {
  expect(cyrb53('💡')).not.toBe(cyrb53('\ud83d'));
  expect(Number.isSafeInteger(cyrb53('💡é\0'))).toBe(true);
});
