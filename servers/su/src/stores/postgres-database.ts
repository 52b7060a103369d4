import { AoError, errorMessage } from '@ao-ts/core';
import pg from 'pg';

const migrations: readonly string[] = [
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

const MIGRATION_LOCK = 4003;

/** Settings of every connection: a host that vanished is noticed within seconds, and so are its locks. */
export function connectionOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: 5000,
    query_timeout: 15_000,
    keepAlive: true,
    options: '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3',
  };
}

/**
 * Opens a pool of connections for reading, after running the migrations that are new to the database.
 * @throws AoError `STORE.FAILED`, `STORE.NEWER`
 */
export async function openPostgres(url: string): Promise<pg.Pool> {
  const pool = new pg.Pool({ ...connectionOptions(url), max: 10 });
  // A connection that breaks while idle is replaced when the next one is needed.
  pool.on('error', () => {});
  try {
    await migrate(pool);
    return pool;
  } catch (cause) {
    await pool.end();
    if (cause instanceof AoError) throw cause;
    throw new AoError('STORE.FAILED', `The database of DB_URL can not be used: ${errorMessage(cause)}`, {
      action: 'fix',
      cause,
    });
  }
}

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    // Units that start together wait for the first.
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)');
    const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_version');
    const version = rows[0]?.version ?? 0;
    if (version > migrations.length) {
      throw new AoError('STORE.NEWER', 'The database was written by a newer version; update this one.', {
        action: 'fix',
      });
    }
    for (const migration of migrations.slice(version)) await client.query(migration);
    await client.query('DELETE FROM schema_version');
    await client.query('INSERT INTO schema_version VALUES ($1)', [migrations.length]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
