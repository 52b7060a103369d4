import type { Migration } from '@ao-ts/server-kit';

/** The schema of the ledger in PostgreSQL, step by step. */
export const migrations: readonly Migration[] = [
  `
  -- A unit is alive as long as it holds the advisory lock of its number.
  CREATE SEQUENCE unit_ids AS INTEGER;
  CREATE TABLE units (id INTEGER PRIMARY KEY);

  CREATE TABLE nodes (
    seq          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          TEXT NOT NULL UNIQUE,
    unit         INTEGER NOT NULL,
    parent       BIGINT,
    kind         TEXT NOT NULL,
    state        TEXT NOT NULL,
    lane         TEXT NOT NULL,
    emitter      TEXT,
    target       TEXT NOT NULL,
    root         TEXT,
    depth        BIGINT NOT NULL,
    owner        TEXT,
    trace        TEXT,
    id           TEXT,
    host         TEXT,
    nonce        BIGINT,
    attempts     INTEGER NOT NULL DEFAULT 0,
    error        TEXT,
    retry_at     BIGINT,
    received_at  BIGINT NOT NULL,
    scheduled_at BIGINT,
    resulted_at  BIGINT,
    finished_at  BIGINT,
    undelivered  INTEGER NOT NULL DEFAULT 0,
    plan         TEXT,
    item         BYTEA
  );
  CREATE INDEX nodes_by_parent ON nodes (parent);
  CREATE INDEX nodes_by_id ON nodes (id) WHERE id IS NOT NULL;
  CREATE INDEX nodes_by_target ON nodes (target, seq);
  CREATE INDEX nodes_open ON nodes (state, seq) WHERE state IN ('received', 'unsure', 'scheduled', 'dead');
  CREATE INDEX nodes_by_lane ON nodes (lane) WHERE state = 'received';
  CREATE INDEX nodes_outbox ON nodes (emitter, seq) WHERE state IN ('received', 'dead');
  CREATE INDEX nodes_finished ON nodes (finished_at) WHERE finished_at IS NOT NULL;

  -- Which unit delivers what one process sends to one target. Only lanes with something to deliver.
  CREATE TABLE lanes (
    lane TEXT PRIMARY KEY,
    unit INTEGER NOT NULL
  );

  CREATE TABLE processes (
    id            TEXT PRIMARY KEY,
    seq           BIGINT GENERATED ALWAYS AS IDENTITY,
    scheduler_url TEXT NOT NULL,
    tags          TEXT NOT NULL
  );

  CREATE TABLE monitors (
    process_id TEXT PRIMARY KEY,
    unit       INTEGER NOT NULL,
    cursor     TEXT,
    started    BOOLEAN NOT NULL DEFAULT false,
    failures   INTEGER NOT NULL DEFAULT 0,
    error      TEXT
  );
  `,
  `
  ALTER TABLE monitors ADD COLUMN failing_since BIGINT, ADD COLUMN ended_at BIGINT;
  `,
  'CREATE INDEX nodes_by_root ON nodes (root) WHERE root IS NOT NULL;',
  `CREATE INDEX nodes_awaited ON nodes (target, nonce) WHERE state = 'scheduled';`,
];
