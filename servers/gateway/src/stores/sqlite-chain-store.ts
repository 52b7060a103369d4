import type { Sqlite } from '@ao-ts/server-kit';
import type { ChainStore, Era } from '../domain/chain.ts';

export class SqliteChainStore implements ChainStore {
  readonly #db: Sqlite;

  constructor(db: Sqlite) {
    this.#db = db;
  }

  eras(): Era[] {
    return this.#db
      .prepare<[], Era>(
        'SELECT height, time_ms AS timeMs, interval_ms AS intervalMs FROM eras ORDER BY height',
      )
      .all();
  }

  append({ height, timeMs, intervalMs }: Era): void {
    this.#db
      .prepare('INSERT INTO eras (height, time_ms, interval_ms) VALUES (?, ?, ?)')
      .run(height, timeMs, intervalMs);
  }
}
