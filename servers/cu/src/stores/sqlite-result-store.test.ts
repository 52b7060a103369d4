import { GroupCommit, openSqlite } from '@ao-ts/server-kit';
import { resultStoreCompliance } from './result-store.compliance.ts';
import { migrations } from './sqlite-migrations.ts';
import { SqliteResultStore } from './sqlite-result-store.ts';

resultStoreCompliance('SQLite', async () => {
  const db = openSqlite(':memory:', migrations);
  return { store: new SqliteResultStore(db, new GroupCommit(db)), close: () => void db.close() };
});
