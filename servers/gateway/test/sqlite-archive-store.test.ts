import { join } from 'node:path';
import { openSqlite } from '@ao-ts/server-kit';
import { migrations } from '../src/stores/migrations.ts';
import { SqliteArchiveStore } from '../src/stores/sqlite-archive-store.ts';
import { archiveStoreCompliance } from './archive-store.compliance.ts';
import { temporaryFolder } from './support.ts';

const folders = new Map<string, string>();

archiveStoreCompliance('SqliteArchiveStore', async (name) => {
  if (name === undefined) return new SqliteArchiveStore(openSqlite(':memory:', migrations));
  const folder = folders.get(name) ?? (await temporaryFolder());
  folders.set(name, folder);
  return new SqliteArchiveStore(openSqlite(join(folder, 'gateway.sqlite'), migrations));
});
