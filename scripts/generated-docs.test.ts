import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { generatedPages } from './docs/pages.ts';

describe.each([...generatedPages()])('%s', (path, made) => {
  test('says what the sources say (npm run docs)', () => {
    expect(readFileSync(path, 'utf8')).toBe(made);
  });

  test('says of everything what it means', () => {
    const rows = made.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('|---'));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
  });
});
