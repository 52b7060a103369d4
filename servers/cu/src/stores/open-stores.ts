import { GroupCommit, isPostgresUrl, openPostgres, openSqlite } from '@ao-ts/server-kit';
import type { DescriptionStore } from '../domain/description-store.ts';
import type { ResultStore } from '../domain/result-store.ts';
import { PostgresDescriptionStore } from './postgres-description-store.ts';
import { postgresSchema } from './postgres-migrations.ts';
import { PostgresResultStore } from './postgres-result-store.ts';
import { SqliteDescriptionStore } from './sqlite-description-store.ts';
import { migrations } from './sqlite-migrations.ts';
import { SqliteResultStore } from './sqlite-result-store.ts';

export interface Stores {
  results: ResultStore;
  descriptions: DescriptionStore;
  closeStores(): Promise<void>;
}

/**
 * Opens the stores that `url` (DB_URL) names: a PostgreSQL database (`postgres://…`), which several units may share, or
 * a SQLite file.
 * @throws AoError `STORE.FAILED`, `STORE.NEWER`
 */
export async function openStores(url: string): Promise<Stores> {
  if (isPostgresUrl(url)) {
    const pool = await openPostgres(url, postgresSchema);
    return {
      results: new PostgresResultStore(pool),
      descriptions: new PostgresDescriptionStore(pool),
      closeStores: () => pool.end(),
    };
  }
  const db = openSqlite(url, migrations);
  const commit = new GroupCommit(db);
  return {
    results: new SqliteResultStore(db, commit),
    descriptions: new SqliteDescriptionStore(db, commit),
    closeStores: async () => {
      commit.flush();
      db.close();
    },
  };
}
