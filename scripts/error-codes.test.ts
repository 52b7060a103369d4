import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const CODE = /'([A-Z][A-Z0-9]+\.[A-Z][A-Z_]+)'/g;

test('every error code of the sources is documented, and no other', () => {
  const used = new Set<string>();
  for (const file of globSync(['packages/*/src/**/*.ts', 'servers/*/src/**/*.ts'])) {
    if (file.endsWith('.test.ts')) continue;
    for (const [, code = ''] of readFileSync(file, 'utf8').matchAll(CODE)) used.add(code);
  }
  const page = readFileSync('docs/errors.md', 'utf8');
  const documented = new Set(
    [...page.matchAll(/`([A-Z][A-Z0-9]+\.[A-Z][A-Z_]+)`/g)].map(([, code = '']) => code),
  );
  expect([...documented].sort()).toEqual([...used].sort());
});
