import type { Migration } from '@ao-ts/server-kit';
import { shortIdIndexes } from './evaluation-statements.ts';

/** Scheduled messages have `cron` '' so that they sort before the cron messages of their place. */
export const migrations: readonly Migration[] = [
  `
  CREATE TABLE evaluations (
    process TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    cron TEXT NOT NULL,
    block_height INTEGER NOT NULL,
    message_id TEXT,
    assignment_id TEXT,
    digest TEXT,
    status TEXT NOT NULL,
    body BLOB NOT NULL
  );
  CREATE UNIQUE INDEX evaluations_scheduled ON evaluations (process, nonce) WHERE cron = '';
  CREATE UNIQUE INDEX evaluations_cron ON evaluations (process, timestamp, nonce, cron) WHERE cron <> '';
  CREATE INDEX evaluations_listed ON evaluations (process, timestamp, nonce, cron) WHERE status = 'ok';
  CREATE INDEX evaluations_message ON evaluations (message_id, process) WHERE message_id IS NOT NULL;
  CREATE INDEX evaluations_assignment ON evaluations (assignment_id, process) WHERE assignment_id IS NOT NULL;
  CREATE INDEX evaluations_digest ON evaluations (digest, process) WHERE digest IS NOT NULL;
  CREATE TABLE processes (id TEXT PRIMARY KEY, description BLOB NOT NULL);
  CREATE TABLE modules (id TEXT PRIMARY KEY, description BLOB NOT NULL);
  `,
  shortIdIndexes,
];
