import { expect, test } from 'vitest';
import { delayAfter } from './backoff.ts';

test('doubles up to the cap, the upper half by chance', () => {
  const backoff = { firstDelayMs: 100, maxDelayMs: 1000, maxAgeMs: 0 };
  const delays = (random: number) => [1, 2, 3, 4, 5, 5000].map((n) => delayAfter(n, backoff, () => random));
  expect(delays(1)).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(delays(0)).toEqual([50, 100, 200, 400, 500, 500]);
});
