import { describe, expect, it } from 'vitest';
import type { ArchiveStore, NewRecord, Search } from '../src/domain/archive-store.ts';

/** What every {@link ArchiveStore} does. `open` gives an empty one, or with the same name the one from before. */
export function archiveStoreCompliance(
  name: string,
  open: (name?: string) => Promise<ArchiveStore & { close(): void }>,
): void {
  const record = (id: string, more: Partial<NewRecord> = {}): NewRecord => ({
    id,
    kind: 'item',
    header: Buffer.from(`header of ${id}`),
    owner: 'owner',
    recipient: '',
    tags: [],
    parent: null,
    blob: null,
    offset: 0,
    size: 0,
    ...more,
  });
  const add = (store: ArchiveStore, height: number, ...records: NewRecord[]) =>
    store.add({ records, height: () => height });
  const find = (store: ArchiveStore, search: Search, order: 'asc' | 'desc' = 'asc') =>
    store.search(search, { order, limit: 100 }).map(({ id }) => id);

  describe(name, () => {
    it('gives back what was added', async () => {
      const store = await open();
      await add(store, 7, record('a', { parent: 'bundle', blob: 'blob', offset: 5, size: 3 }));
      expect(store.get('a')).toEqual({
        seq: expect.any(Number),
        id: 'a',
        kind: 'item',
        height: 7,
        header: Buffer.from('header of a'),
        parent: 'bundle',
        blob: 'blob',
        offset: 5,
        size: 3,
        weaveEnd: null,
      });
      expect(store.get('b')).toBeUndefined();
      store.close();
    });

    it('leaves what is known as it was', async () => {
      const store = await open();
      await add(store, 1, record('a'));
      await add(store, 2, record('a', { tags: [{ name: 'x', value: 'y' }] }), record('b'));
      expect(store.get('a')?.height).toBe(1);
      expect(find(store, { tags: [{ name: 'x', values: ['y'], not: false }] })).toEqual([]);
      expect(find(store, {})).toEqual(['a', 'b']);
      store.close();
    });

    it('finds by conditions that must all hold', async () => {
      const store = await open();
      const tag = (name: string, value: string) => ({ name, value });
      await add(
        store,
        1,
        record('a', { tags: [tag('t', '1'), tag('u', '1')], owner: 'o1' }),
        record('b', { tags: [tag('t', '1'), tag('t', '2')], owner: 'o1', recipient: 'r' }),
        record('c', { tags: [tag('t', '2'), tag('u', '1')], owner: 'o2', parent: 'p' }),
      );
      const has = (name: string, ...values: string[]) => ({ name, values, not: false });
      const hasNot = (name: string, ...values: string[]) => ({ name, values, not: true });
      const cases: [Search, string[]][] = [
        [{ tags: [has('t', '1')] }, ['a', 'b']],
        [{ tags: [has('t', '1', '2')] }, ['a', 'b', 'c']],
        [{ tags: [has('t', '2'), has('u', '1')] }, ['c']],
        [{ tags: [has('t', '1'), has('t', '2')] }, ['b']],
        [{ tags: [has('t', '1'), hasNot('t', '2')] }, ['a']],
        [{ tags: [hasNot('t', '1', '3')] }, ['c']],
        [{ tags: [hasNot('t')] }, ['a', 'b', 'c']],
        [{ tags: [has('t')] }, []],
        [{ tags: [has('t1', '')] }, []],
        [{ owners: ['o1', 'o3'] }, ['a', 'b']],
        [{ owners: ['o1'], tags: [has('u', '1')] }, ['a']],
        [{ recipients: ['r'] }, ['b']],
        [{ recipients: [''] }, []],
        [{ parents: ['p'] }, ['c']],
        [{ ids: ['c', 'a', 'x'] }, ['a', 'c']],
        [{ ids: ['c', 'a'], owners: ['o2'] }, ['c']],
        [{ ids: [] }, []],
      ];
      for (const [search, ids] of cases) {
        expect({ search, ids: find(store, search) }).toEqual({ search, ids });
        expect(find(store, search, 'desc')).toEqual([...ids].reverse());
        expect(store.count(search)).toBe(ids.length);
      }
      store.close();
    });

    it('finds by height, in pages', async () => {
      const store = await open();
      for (const [height, ids] of [
        [10, 'ab'],
        [12, 'cd'],
        [15, 'ef'],
      ] as const) {
        const tags = [{ name: 'k', value: 'v' }];
        await add(store, height, ...[...ids].map((id) => record(id, { tags })));
      }
      const tags = [{ name: 'k', values: ['v'], not: false }];
      for (const search of [{}, { tags }]) {
        expect(find(store, { ...search, minHeight: 11 })).toEqual(['c', 'd', 'e', 'f']);
        expect(find(store, { ...search, maxHeight: 14 })).toEqual(['a', 'b', 'c', 'd']);
        expect(find(store, { ...search, minHeight: 12, maxHeight: 12 })).toEqual(['c', 'd']);
        expect(find(store, { ...search, minHeight: 16 })).toEqual([]);
        expect(find(store, { ...search, maxHeight: 9 })).toEqual([]);
        const page = (after?: number) =>
          store.search(search, { order: 'desc', limit: 4, ...(after === undefined ? {} : { after }) });
        expect(page().map(({ id }) => id)).toEqual(['f', 'e', 'd', 'c']);
        expect(page(page().at(-1)?.seq).map(({ id }) => id)).toEqual(['b', 'a']);
      }
      expect(store.lastHeight()).toBe(15);
      store.close();
    });

    it('knows the transactions of a block and their place in the weave', async () => {
      const store = await open();
      expect(store.lastHeight()).toBe(0);
      const transaction = { kind: 'transaction', size: 100, blob: 'x' } as const;
      await add(store, 3, record('a', transaction), record('item'), record('b', transaction));
      await add(store, 3, record('empty', { kind: 'transaction', owner: 'other' }));
      expect(store.transactionsAt(3)).toEqual(['a', 'b', 'empty']);
      expect(store.transactionsAt(2)).toEqual([]);
      expect([0, 1, 100, 101, 200, 201].map((offset) => store.atWeaveOffset(offset)?.id)).toEqual([
        'a',
        'a',
        'a',
        'b',
        'b',
        undefined,
      ]);
      expect([store.lastTransaction('owner'), store.lastTransaction('other')]).toEqual(['b', 'empty']);
      expect(store.lastTransaction('nobody')).toBe('');
      store.close();
    });

    it('moves winston once, completely or not at all', async () => {
      const store = await open();
      expect(store.balance('from')).toBe(0n);
      const huge = 10n ** 19n;
      expect(await store.mint('from', huge)).toBe(huge);
      const transfer = { from: 'from', to: 'to', amount: 10n, fee: 1n };
      const pay = (id: string, amount = 10n) =>
        store.add({
          records: [record(id, { kind: 'transaction' })],
          height: () => 1,
          transfer: { ...transfer, amount },
        });
      await pay('a');
      await pay('a');
      expect([store.balance('from'), store.balance('to')]).toEqual([huge - 11n, 10n]);
      await expect(pay('b', huge)).rejects.toMatchObject({ code: 'TRANSACTION.FUNDS' });
      expect(store.get('b')).toBeUndefined();
      expect(store.balance('from')).toBe(huge - 11n);
      store.close();
    });

    it('counts the bytes of chunks until they are complete', async () => {
      const store = await open();
      expect(store.isUploading('u')).toBe(false);
      expect(await store.addChunk('u', { start: 0, size: 10 })).toBe(10);
      expect(await store.addChunk('u', { start: 10, size: 5 })).toBe(15);
      expect(await store.addChunk('u', { start: 0, size: 10 })).toBe(15);
      expect(await store.addChunk('v', { start: 0, size: 1 })).toBe(1);
      expect(store.isUploading('u')).toBe(true);
      await store.add({ records: [], height: () => 1, completes: 'u' });
      expect([store.isUploading('u'), store.isUploading('v')]).toEqual([false, true]);
      store.close();
    });

    it('keeps everything when it is closed', async () => {
      const before = await open('kept');
      await before.mint('wallet', 5n);
      const bytes = { blob: 'blob', bytes: Buffer.from('bytes') };
      const written = before.add({ records: [record('a')], height: () => 4, bytes });
      before.close();
      await written;
      const after = await open('kept');
      expect(after.get('a')?.height).toBe(4);
      expect(after.bytes('blob')).toEqual(Buffer.from('bytes'));
      expect(after.bytes('other')).toBeUndefined();
      expect(after.balance('wallet')).toBe(5n);
      after.close();
    });
  });
}
