import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStores } from '../src/stores/open.ts';
import { SqliteWriter } from '../src/stores/sqlite-writer.ts';
import { storeCompliance } from './store-compliance.ts';
import { temporaryDirectory } from './support.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let files = 0;

beforeAll(async () => {
  directory = await temporaryDirectory();
});

afterAll(() => directory[Symbol.asyncDispose]());

storeCompliance('SQLite', () => openStores(join(directory.path, `${++files}.sqlite`)));

test('a writing thread that can not work fails its orders, and another one is tried', async () => {
  const writer = new SqliteWriter(directory.path);
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(writer.write({ kind: 'uploaded', sequences: [] })).rejects.toMatchObject({
      code: 'STORE.FAILED',
      action: 'retry',
    });
  }
  await writer.close();
});
