import { isPostgresUrl } from '@ao-ts/server-kit';
import type { Ledger } from '../domain/ledger.ts';
import { PostgresLedger } from './postgres-ledger.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

interface LedgerOptions {
  /** Unix ms. */
  clock: () => number;
  /** Told what goes wrong behind the scenes. */
  onFailure: (error: unknown) => void;
}

/**
 * Opens the ledger that `url` (DB_URL) names: a PostgreSQL database (`postgres://…`), which several units may share, or
 * a SQLite file.
 * @throws AoError `STORE.FAILED`, `STORE.NEWER`
 */
export async function openLedger(url: string, { clock, onFailure }: LedgerOptions): Promise<Ledger> {
  return isPostgresUrl(url) ? PostgresLedger.open(url, clock, onFailure) : new SqliteLedger(url, clock);
}
