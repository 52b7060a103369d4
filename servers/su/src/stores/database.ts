import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { AoError } from '@ao-ts/core';
// The writing thread loads this, and needs no web server for it.
import { type Migration, openSqlite, type Sqlite } from '@ao-ts/server-kit/sqlite';
import Database from 'better-sqlite3';

const migrations: Migration[] = [
  `
  CREATE TABLE slots (
    sequence INTEGER PRIMARY KEY,
    process_id TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    assignment_id TEXT NOT NULL UNIQUE,
    item_id TEXT NOT NULL,
    assignment BLOB NOT NULL,
    item BLOB,
    UNIQUE (process_id, nonce)
  ) STRICT;
  CREATE INDEX slots_by_item ON slots (item_id);

  CREATE TABLE content_hashes (
    process_id TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (process_id, hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE uploads (
    sequence INTEGER PRIMARY KEY REFERENCES slots (sequence),
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX uploads_by_time ON uploads (not_before, sequence);
  `,
];

/** Opens a connection to the scheduler's database, made if there is none. @throws AoError `STORE.NEWER` */
export function connect(path: string): Sqlite {
  return openSqlite(path, migrations);
}

/**
 * Keeps other scheduler units away from the database at `path`; gives what lets them in again.
 * @throws AoError `STORE.LOCKED`
 */
export function lockDatabase(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true });
  // An empty database held in an open transaction: the system lets go of it when the program dies, however it dies.
  const lock = new Database(`${path}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if (!(cause instanceof Database.SqliteError) || !cause.code.startsWith('SQLITE_BUSY')) throw cause;
    throw new AoError(
      'STORE.LOCKED',
      `Another scheduler unit is running on ${path}. Two would give the same slot twice; stop the other one.`,
      { action: 'fix', cause },
    );
  }
  return () => lock.close();
}
