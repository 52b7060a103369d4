import type { PostgresOptions } from '@ao-ts/server-kit';
import { shortIdIndexes } from './evaluation-statements.ts';

const migrations = [
  `
  -- Compared byte by byte, as SQLite does: cursors mean the same on both.
  CREATE TABLE evaluations (
    process       TEXT COLLATE "C" NOT NULL,
    nonce         BIGINT NOT NULL,
    timestamp     BIGINT NOT NULL,
    cron          TEXT COLLATE "C" NOT NULL,
    block_height  BIGINT NOT NULL,
    message_id    TEXT COLLATE "C",
    assignment_id TEXT COLLATE "C",
    digest        TEXT COLLATE "C",
    status        TEXT NOT NULL,
    body          BYTEA NOT NULL
  );
  CREATE UNIQUE INDEX evaluations_scheduled ON evaluations (process, nonce) WHERE cron = '';
  CREATE UNIQUE INDEX evaluations_cron ON evaluations (process, timestamp, nonce, cron) WHERE cron <> '';
  CREATE INDEX evaluations_listed ON evaluations (process, timestamp, nonce, cron) WHERE status = 'ok';
  CREATE INDEX evaluations_message ON evaluations (message_id, process) WHERE message_id IS NOT NULL;
  CREATE INDEX evaluations_assignment ON evaluations (assignment_id, process) WHERE assignment_id IS NOT NULL;
  CREATE INDEX evaluations_digest ON evaluations (digest, process) WHERE digest IS NOT NULL;
  CREATE TABLE processes (id TEXT COLLATE "C" PRIMARY KEY, description BYTEA NOT NULL);
  CREATE TABLE modules (id TEXT COLLATE "C" PRIMARY KEY, description BYTEA NOT NULL);
  `,
  shortIdIndexes,
];

/** The schema of results and descriptions in PostgreSQL. */
export const postgresSchema: PostgresOptions = { migrations, migrationLock: 4004 };
