import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openSqlite } from './sqlite.ts';

const directory = mkdtempSync(join(tmpdir(), 'ao-sqlite-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('migrations run once each, also over several versions, and a newer file is refused', () => {
  const path = join(directory, 'deep', 'unit.sqlite');
  const first = 'CREATE TABLE a (x)';
  const second = 'CREATE TABLE b (x); INSERT INTO b VALUES (1)';
  openSqlite(path, [first]).close();
  openSqlite(path, [first, second]).close();
  const db = openSqlite(path, [first, second]);
  expect(db.prepare('SELECT count(*) AS n FROM b').get()).toEqual({ n: 1 });
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  db.close();
  expect(() => openSqlite(path, [first])).toThrow('newer version');
});
