import type { PostgresOptions } from '@ao-ts/server-kit';

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
  `
  DROP INDEX evaluations_message;
  DROP INDEX evaluations_assignment;
  DROP INDEX evaluations_digest;
  CREATE INDEX evaluations_message ON evaluations (substr(message_id, 1, 8)) WHERE message_id IS NOT NULL;
  CREATE INDEX evaluations_assignment ON evaluations (substr(assignment_id, 1, 8)) WHERE assignment_id IS NOT NULL;
  CREATE INDEX evaluations_digest ON evaluations (substr(digest, 1, 8)) WHERE digest IS NOT NULL;
  `,
];

/** The schema of results and descriptions in PostgreSQL. */
export const postgresSchema: PostgresOptions = { migrations, migrationLock: 4004 };
