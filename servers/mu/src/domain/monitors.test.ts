import { expect, test } from 'vitest';
import { pauseAfter } from './monitors.ts';

test('a monitor looks ever less often while it fails, up to once an hour', () => {
  expect([0, 1, 2, 8, 9, 1000].map((failures) => pauseAfter(failures, 10_000) / 1000)).toEqual([
    10, 20, 40, 2560, 3600, 3600,
  ]);
});
