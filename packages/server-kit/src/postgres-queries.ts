import { AoError, errorMessage } from '@ao-ts/core';
import type pg from 'pg';

/** The rows of a statement. @throws AoError `STORE.FAILED` */
export async function queryRows<T extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  try {
    return (await pool.query<T>(text, values.map(plain))).rows;
  } catch (cause) {
    throw databaseFailed(cause);
  }
}

/** PostgreSQL's text has no NUL, and nothing that is kept as text has one: asked for it, there is nothing to find. */
export function plain<T>(value: T): T {
  return typeof value === 'string' ? (value.replaceAll('\0', '\ufffd') as T) : value;
}

export function databaseFailed(cause: unknown): AoError {
  return new AoError('STORE.FAILED', 'The database can not be used right now; try again later.', {
    action: 'retry',
    facts: { reason: errorMessage(cause) },
    cause,
  });
}
