import type { PostgresOptions } from '@ao-ts/server-kit';

const migrations: PostgresOptions['migrations'] = [
  `
  CREATE TABLE slots (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    process_id TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    nonce BIGINT NOT NULL,
    previous BIGINT GENERATED ALWAYS AS (NULLIF(nonce, 0) - 1) STORED,
    timestamp BIGINT NOT NULL,
    assignment_id TEXT NOT NULL UNIQUE,
    item_id TEXT NOT NULL,
    assignment BYTEA NOT NULL,
    item BYTEA,
    UNIQUE (process_id, epoch, nonce),
    UNIQUE (process_id, timestamp),
    CONSTRAINT slots_without_gap
      FOREIGN KEY (process_id, epoch, previous) REFERENCES slots (process_id, epoch, nonce)
  );
  CREATE INDEX slots_by_item ON slots (item_id);
  CREATE UNIQUE INDEX slots_with_item ON slots (item_id) WHERE item IS NOT NULL;

  CREATE TABLE content_hashes (
    process_id TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (process_id, hash)
  );

  CREATE TABLE uploads (
    sequence BIGINT PRIMARY KEY REFERENCES slots (sequence),
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL DEFAULT 0
  );
  CREATE INDEX uploads_by_time ON uploads (not_before, sequence);
  `,
];

/** The schema of a scheduler's database. */
export const postgresSchema: PostgresOptions = { migrations, migrationLock: 4003 };
