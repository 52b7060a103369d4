import { AoError, errorMessage } from '@ao-ts/core';
import pg from 'pg';
import type { Migration } from './sqlite.ts';

export interface PostgresOptions {
  migrations: readonly Migration[];
  /** Number that units of one kind share: those that start together migrate one after the other. */
  migrationLock: number;
}

const INT8 = 20;

/** Settings of every connection: a host that vanished is noticed within seconds, and so are its locks. */
function connectionSettings(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: 5000,
    query_timeout: 15_000,
    keepAlive: true,
    options: '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3',
    // Counters and times are below 2^53.
    types: {
      getTypeParser: ((oid: number, format?: 'text') =>
        oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  };
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `ao_${names.size}`;
  names.set(text, name);
  return name;
}

/** Has PostgreSQL parse and plan each statement with parameters once: that costs more than most take to run. */
class PreparingClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of the class it extends, none of which this changes
  override query(...args: any[]): any {
    const [text, values, callback] = args;
    const named = Array.isArray(values) && typeof text === 'string' ? { name: nameOf(text), text } : text;
    return super.query(named, values, callback);
  }
}

/** A connection of its own, not opened yet. */
export function postgresClient(url: string): pg.Client {
  return new PreparingClient(connectionSettings(url));
}

/** True if a `DB_URL` names a PostgreSQL database, not a SQLite file. */
export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}

/**
 * Opens a pool of connections after running the migrations that are new to the database.
 * @throws AoError `STORE.FAILED`, `STORE.NEWER`
 */
export async function openPostgres(url: string, options: PostgresOptions): Promise<pg.Pool> {
  const pool = new pg.Pool({ ...connectionSettings(url), max: 10, Client: PreparingClient });
  // A connection that breaks while idle is replaced when the next one is needed.
  pool.on('error', () => {});
  // One that breaks in the middle of a transaction, between two queries, fails the next query: that is soon enough.
  pool.on('connect', (client) => client.on('error', () => {}));
  try {
    await inTransaction(pool, (client) => migrate(client, options));
    return pool;
  } catch (cause) {
    await pool.end();
    if (cause instanceof AoError) throw cause;
    throw databaseUnusable(cause);
  }
}

export function databaseUnusable(cause: unknown): AoError {
  return new AoError('STORE.FAILED', `The database of DB_URL can not be used: ${errorMessage(cause)}`, {
    action: 'fix',
    cause,
  });
}

/** Runs work in one transaction on a connection of its own. What it throws undoes it. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const value = await work(client);
    await client.query('COMMIT');
    client.release();
    return value;
  } catch (error) {
    const broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    client.release(broken);
    throw error;
  }
}

async function migrate(client: pg.PoolClient, { migrations, migrationLock }: PostgresOptions): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
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
}
