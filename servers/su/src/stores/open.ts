import { isPostgresUrl, openPostgres } from '@ao-ts/server-kit';
import type { ScheduleStore } from '../domain/schedule-store.ts';
import type { UploadOutbox } from '../domain/upload-outbox.ts';
import { connect, lockDatabase } from './database.ts';
import { postgresSchema } from './postgres-migrations.ts';
import { PostgresScheduleStore } from './postgres-schedule-store.ts';
import { PostgresUploadOutbox } from './postgres-upload-outbox.ts';
import { PostgresWriter } from './postgres-writer.ts';
import { SqliteScheduleStore } from './sqlite-schedule-store.ts';
import { SqliteUploadOutbox } from './sqlite-upload-outbox.ts';
import { SqliteWriter } from './sqlite-writer.ts';

export interface Stores {
  store: ScheduleStore;
  /** Closed with the store. */
  outbox: UploadOutbox;
}

/**
 * Opens the stores that `url` (DB_URL) names: a PostgreSQL database (`postgres://…`) or a SQLite file. `shared` is for tools that give no slots: they may run beside the unit.
 * @throws AoError `STORE.LOCKED`, `STORE.NEWER`, `STORE.FAILED`
 */
export async function openStores(url: string, { shared = false } = {}): Promise<Stores> {
  if (isPostgresUrl(url)) {
    const pool = await openPostgres(url, postgresSchema);
    return {
      store: new PostgresScheduleStore(pool, new PostgresWriter(url)),
      outbox: new PostgresUploadOutbox(pool),
    };
  }
  const release = shared ? () => {} : lockDatabase(url);
  try {
    const db = connect(url);
    const writer = new SqliteWriter(url);
    const close = () => {
      db.close();
      release();
    };
    return { store: new SqliteScheduleStore(db, writer, close), outbox: new SqliteUploadOutbox(db, writer) };
  } catch (error) {
    release();
    throw error;
  }
}
