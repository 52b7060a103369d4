import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BlobStore } from '../src/domain/blob-store.ts';
import type { ByteSource } from '../src/domain/byte-source.ts';

/** What every {@link BlobStore} does. `open` with the same folder gives the store from before. */
export function blobStoreCompliance(name: string, open: () => Promise<() => Promise<BlobStore>>): void {
  async function* pieces(bytes: Uint8Array, size = 64 * 1024) {
    for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
  }
  const all = async (source: ByteSource | undefined) => {
    const parts: Uint8Array[] = [];
    for await (const part of source?.stream(0, source.size) ?? []) parts.push(part);
    return Buffer.concat(parts);
  };

  describe(name, () => {
    it.each([0, 10, 1_000_000])('receives %i bytes and reads them anywhere', async (size) => {
      const store = await (await open())();
      const bytes = randomBytes(size);
      const upload = await store.receive(pieces(bytes), size);
      expect(upload.size).toBe(size);
      expect(await all(upload)).toEqual(bytes);
      expect(Buffer.from(await upload.read(3, 9))).toEqual(bytes.subarray(3, 9));
      await upload.discard();
    });

    it('refuses what is too large, whatever its size', async () => {
      const store = await (await open())();
      for (const size of [11, 1_000_000]) {
        await expect(store.receive(pieces(randomBytes(size)), 10)).rejects.toMatchObject({
          code: 'REQUEST.TOO_LARGE',
        });
      }
    });

    it('keeps an upload under its name', async () => {
      const reopen = await open();
      const store = await reopen();
      const bytes = randomBytes(700_000);
      const upload = await store.receive(pieces(bytes), bytes.length);
      expect(upload.bytes).toBeUndefined();
      await store.keep(upload, 'name');
      await upload.discard();
      const kept = await (await reopen()).open('name');
      expect(await all(kept)).toEqual(bytes);
      expect(Buffer.from((await kept?.read(699_990, 700_000)) ?? [])).toEqual(bytes.subarray(699_990));
      expect(await store.open('other')).toBeUndefined();
    });

    it('joins parts that come in any order', async () => {
      const reopen = await open();
      const bytes = randomBytes(300);
      for (const start of [200, 0, 100]) {
        const store = await reopen();
        expect(await store.open('name')).toBeUndefined();
        await store.writePart('name', start, bytes.subarray(start, start + 100));
      }
      await (await reopen()).joinParts('name');
      expect(await all(await (await reopen()).open('name'))).toEqual(bytes);
    });
  });
}
