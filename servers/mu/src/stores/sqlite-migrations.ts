import type { Migration } from '@ao-ts/server-kit';

/** The schema of the ledger, step by step. */
export const migrations: readonly Migration[] = [
  `
  CREATE TABLE nodes (
    seq          INTEGER PRIMARY KEY,
    key          TEXT NOT NULL UNIQUE,
    parent       INTEGER,
    kind         TEXT NOT NULL,
    state        TEXT NOT NULL,
    lane         TEXT NOT NULL,
    emitter      TEXT,
    target       TEXT NOT NULL,
    root         TEXT,
    depth        INTEGER NOT NULL,
    owner        TEXT,
    trace        TEXT,
    id           TEXT,
    host         TEXT,
    nonce        INTEGER,
    attempts     INTEGER NOT NULL DEFAULT 0,
    error        TEXT,
    retry_at     INTEGER,
    received_at  INTEGER NOT NULL,
    scheduled_at INTEGER,
    resulted_at  INTEGER,
    finished_at  INTEGER,
    undelivered  INTEGER NOT NULL DEFAULT 0,
    plan         TEXT,
    item         BLOB
  );
  CREATE INDEX nodes_by_parent ON nodes (parent);
  CREATE INDEX nodes_by_id ON nodes (id) WHERE id IS NOT NULL;
  CREATE INDEX nodes_open ON nodes (state, seq) WHERE state IN ('received', 'unsure', 'scheduled', 'dead');
  CREATE INDEX nodes_finished ON nodes (finished_at) WHERE finished_at IS NOT NULL;
  CREATE INDEX nodes_by_target ON nodes (target, seq);
  CREATE INDEX nodes_outbox ON nodes (emitter, seq) WHERE state IN ('received', 'dead');

  CREATE TABLE processes (
    id            TEXT PRIMARY KEY,
    scheduler_url TEXT NOT NULL,
    tags          TEXT NOT NULL
  );

  CREATE TABLE monitors (
    process_id TEXT PRIMARY KEY,
    cursor     TEXT,
    started    INTEGER NOT NULL DEFAULT 0,
    failures   INTEGER NOT NULL DEFAULT 0,
    error      TEXT
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE monitors ADD COLUMN failing_since INTEGER;
  ALTER TABLE monitors ADD COLUMN ended_at INTEGER;
  `,
  'CREATE INDEX nodes_by_root ON nodes (root) WHERE root IS NOT NULL;',
];
