import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { BlobFiles } from '../src/stores/blob-files.ts';
import { blobStoreCompliance } from './blob-store.compliance.ts';
import { temporaryFolder } from './support.ts';

blobStoreCompliance('BlobFiles', async () => {
  const folder = await temporaryFolder();
  return () => BlobFiles.open(folder);
});

it('removes what was left behind by uploads that never ended', async () => {
  const folder = await temporaryFolder();
  const store = await BlobFiles.open(folder);
  async function* body() {
    yield randomBytes(500_000);
  }
  await store.receive(body(), 1_000_000);
  expect(await readdir(folder)).toHaveLength(1);
  await BlobFiles.open(folder);
  expect(await readdir(folder)).toEqual([]);
});
