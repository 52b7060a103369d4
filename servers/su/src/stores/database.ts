import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { AoError } from '@ao-ts/core';
import { type Migration, openSqlite, type Sqlite } from '@ao-ts/server-kit';
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
    UNIQUE (process_id, nonce),
    UNIQUE (process_id, timestamp)
  ) STRICT;
  CREATE INDEX slots_by_item ON slots (item_id);
  CREATE UNIQUE INDEX slots_with_item ON slots (item_id) WHERE item IS NOT NULL;

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

/** Opens the scheduler's database and, unless it is `shared`, keeps other scheduler units away while it is open. */
export function openScheduleDatabase(path: string, shared = false): { db: Sqlite; close: () => void } {
  const release = shared || path === ':memory:' ? () => {} : holdLock(`${path}.lock`, path);
  try {
    const db = openSqlite(path, migrations);
    return {
      db,
      close: () => {
        db.close();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

// An empty database held in an open transaction: the system lets go of it when the program dies, however it dies.
function holdLock(path: string, guarded: string): () => void {
  mkdirSync(dirname(path), { recursive: true });
  const lock = new Database(path, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if (!(cause instanceof Database.SqliteError) || !cause.code.startsWith('SQLITE_BUSY')) throw cause;
    throw new AoError(
      'STORE.LOCKED',
      `Another scheduler unit is running on ${guarded}. Two would give the same slot twice; stop the other one.`,
      { action: 'fix', cause },
    );
  }
  return () => lock.close();
}
