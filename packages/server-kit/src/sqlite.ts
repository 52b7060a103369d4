import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { AoError } from '@ao-ts/core';
import Database from 'better-sqlite3';

export type Sqlite = Database.Database;

/** A numbered step of the schema. Never change one that was released: add the next. */
export type Migration = string;

/**
 * Opens (or creates) a database that keeps what it acknowledged: WAL, a sync per commit.
 * `:memory:` is for tests. Migrations that are new to the file run in one transaction.
 * @throws AoError `STORE.NEWER` if the file was written by a later version
 */
export function openSqlite(path: string, migrations: readonly Migration[]): Sqlite {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  // However often a page changes between two checkpoints, it is copied once.
  db.pragma('wal_autocheckpoint = 4000');
  db.pragma('foreign_keys = ON');
  db.pragma('busy_timeout = 5000');
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > migrations.length) {
    db.close();
    throw new AoError('STORE.NEWER', `${path} was written by a newer version; update this one.`, {
      action: 'fix',
    });
  }
  db.transaction(() => {
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.pragma(`user_version = ${migrations.length}`);
  })();
  return db;
}
