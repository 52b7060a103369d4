import { databaseFailed, inTransaction, plain } from '@ao-ts/server-kit';
import pg from 'pg';

const MAX_ATTEMPTS = 10;
/** Codes of what PostgreSQL undoes because another transaction was in the way. */
const IN_THE_WAY = new Set(['40001', '40P01']);

/** Statements and transactions whose failures are errors to retry. */
export class PostgresDatabase {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** How many rows a statement changed. @throws AoError `STORE.FAILED` */
  async run(text: string, values: unknown[]): Promise<number> {
    return (await this.#query(text, values)).rowCount ?? 0;
  }

  /** @throws AoError `STORE.FAILED` */
  async rows<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.#query<T>(text, values)).rows;
  }

  /** Runs work in one transaction, again if another was in the way. @throws AoError `STORE.FAILED` */
  write<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return this.again((pool) => inTransaction(pool, work));
  }

  /** Runs what undoes itself if it fails, again if a transaction was in the way. @throws AoError `STORE.FAILED` */
  async again<T>(work: (pool: pg.Pool) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(this.#pool);
      } catch (error) {
        const again = error instanceof pg.DatabaseError && IN_THE_WAY.has(error.code ?? '');
        if (!again || attempt === MAX_ATTEMPTS) throw databaseFailed(error);
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #query<T extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<pg.QueryResult<T>> {
    try {
      return await this.#pool.query<T>(text, values.map(plain));
    } catch (cause) {
      throw databaseFailed(cause);
    }
  }
}
