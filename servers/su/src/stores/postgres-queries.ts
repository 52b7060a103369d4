import type { Pool, QueryResultRow } from 'pg';
import { storeAway } from '../domain/errors.ts';

/** The rows of a statement. @throws AoError `STORE.FAILED` */
export async function query<T extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: unknown[] = [],
): Promise<T[]> {
  try {
    return (await pool.query<T>(text, values.map(plain))).rows;
  } catch (cause) {
    throw storeAway(cause);
  }
}

// PostgreSQL's text has no NUL; what a URL names with one is to be found nowhere.
function plain(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value;
}
