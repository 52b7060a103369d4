import { AoError, errorMessage } from '@ao-ts/core';
import type pg from 'pg';

/** @throws AoError `STORE.FAILED` */
export async function query<T extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: readonly unknown[],
): Promise<T[]> {
  try {
    return (await pool.query<T>(text, values.map(plain))).rows;
  } catch (error) {
    throw storeFailed(error);
  }
}

// PostgreSQL's text has no NUL, and nothing that is kept as text has one: asked for it, there is nothing to find.
export function plain<T>(value: T): T {
  return typeof value === 'string' ? (value.replaceAll('\0', '\ufffd') as T) : value;
}

function storeFailed(cause: unknown): AoError {
  return new AoError('STORE.FAILED', 'The database of results can not be used right now; ask again later.', {
    action: 'retry',
    facts: { reason: errorMessage(cause) },
    cause,
  });
}
