import { join } from 'node:path';
import { openSqlite } from '@ao-ts/server-kit';
import { temporaryFolder } from '../../test/support.ts';
import { archiveStoreCompliance } from './archive-store.compliance.ts';
import { migrations } from './migrations.ts';
import { SqliteArchiveStore } from './sqlite-archive-store.ts';

const folders = new Map<string, string>();

archiveStoreCompliance('SqliteArchiveStore', async (name) => {
  if (name === undefined) return new SqliteArchiveStore(openSqlite(':memory:', migrations));
  const folder = folders.get(name) ?? (await temporaryFolder());
  folders.set(name, folder);
  return new SqliteArchiveStore(openSqlite(join(folder, 'gateway.sqlite'), migrations));
});
