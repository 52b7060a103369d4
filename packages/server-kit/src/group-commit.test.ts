import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { GroupCommit } from './group-commit.ts';
import { openSqlite } from './sqlite.ts';

function open(path = ':memory:') {
  const db = openSqlite(path, ['CREATE TABLE t (id INTEGER PRIMARY KEY)']);
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const count = () => (db.prepare('SELECT count(*) AS n FROM t').get() as { n: number }).n;
  return { db, insert, count, commits: new GroupCommit(db) };
}

test('a write is there when its promise resolves, and gives what it returned', async () => {
  const { insert, count, commits } = open();
  const value = await commits.write(() => {
    insert.run(1);
    return 'done';
  });
  expect(value).toBe('done');
  expect(count()).toBe(1);
});

test('a write that fails undoes only itself', async () => {
  const { insert, count, commits } = open();
  const outcomes = await Promise.allSettled([
    commits.write(() => insert.run(1)),
    commits.write(() => {
      insert.run(2);
      insert.run(1);
    }),
    commits.write(() => insert.run(3)),
  ]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(count()).toBe(2);
});

test('a write that fails alone undoes what it did', async () => {
  const { insert, count, commits } = open();
  const failing = commits.write(() => {
    insert.run(1);
    insert.run(1);
  });
  await expect(failing).rejects.toThrow('UNIQUE');
  expect(count()).toBe(0);
  await commits.write(() => insert.run(1));
});

test('what a full disk does not take is to be sent again later, one or many at a time, and then is taken', async () => {
  const { db, commits } = open();
  db.exec('CREATE TABLE large (data BLOB)');
  const insert = db.prepare('INSERT INTO large VALUES (zeroblob(100000))');
  const [{ max_page_count: most }] = db.pragma('max_page_count') as [{ max_page_count: number }];
  db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true })}`);
  const refused = { code: 'STORE.FAILED', action: 'retry', message: expect.stringContaining('SQLITE_FULL') };
  await expect(commits.write(() => insert.run())).rejects.toMatchObject(refused);
  const both = [commits.write(() => insert.run()), commits.writeSoon(() => insert.run())];
  for (const outcome of both) await expect(outcome).rejects.toMatchObject(refused);
  db.pragma(`max_page_count = ${most}`);
  await commits.write(() => insert.run());
});

test('if the commit itself fails, nothing of the batch is acknowledged', async () => {
  const { db, insert, commits } = open();
  const outcomes = Promise.allSettled([
    commits.write(() => insert.run(1)),
    commits.write(() => insert.run(2)),
  ]);
  db.close();
  expect((await outcomes).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
});

test('flush commits what is queued at once', async () => {
  const { insert, count, commits } = open();
  const written = commits.write(() => insert.run(1));
  commits.flush();
  expect(count()).toBe(1);
  await written;
});

test('what is only written soon is there too, in order', async () => {
  const { insert, count, commits } = open();
  await commits.writeSoon(() => insert.run(1));
  expect(count()).toBe(1);
  const order: number[] = [];
  await Promise.all([
    commits.writeSoon(() => order.push(1)),
    commits.write(() => order.push(2)),
    commits.writeSoon(() => order.push(3)),
  ]);
  expect(order).toEqual([1, 2, 3]);
  await expect(commits.writeSoon(() => insert.run(1))).rejects.toThrow('UNIQUE');
});

const folders: string[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A database in a file, and the syncs of its log that wait to be let through. */
async function openFile() {
  const folder = await mkdtemp(join(tmpdir(), 'group-commit-'));
  folders.push(folder);
  const syncs: ((error?: Error) => void)[] = [];
  vi.spyOn(fs, 'fdatasync').mockImplementation((_log, done) => {
    syncs.push((error) => done(error ?? null));
  });
  return { ...open(join(folder, 'file.sqlite')), syncs };
}

test('a write waits for the disk, what is only written soon does not, and the next turn goes on meanwhile', async () => {
  const { db, insert, count, commits, syncs } = await openFile();
  const order: string[] = [];
  const first = commits.write(() => insert.run(1)).then(() => order.push('first'));
  await commits.writeSoon(() => insert.run(2));
  await vi.waitFor(() => expect(syncs).toHaveLength(1));
  const later = [3, 4].map((n) => commits.write(() => insert.run(n)).then(() => order.push('later')));
  await vi.waitFor(() => expect(count()).toBe(4));
  // What was committed after a sync began is not on the disk when it ends.
  expect([order, syncs.length]).toEqual([[], 1]);
  syncs[0]?.();
  await first;
  await vi.waitFor(() => expect(syncs).toHaveLength(2));
  expect(order).toEqual(['first']);
  syncs[1]?.();
  await Promise.all(later);
  db.close();
});

test('a write that the disk does not take is not acknowledged, and the next one is tried', async () => {
  const { db, insert, commits, syncs } = await openFile();
  const failed = commits.write(() => insert.run(1));
  await vi.waitFor(() => expect(syncs).toHaveLength(1));
  syncs[0]?.(new Error('EIO'));
  await expect(failed).rejects.toThrow('EIO');
  const second = commits.write(() => insert.run(2));
  await vi.waitFor(() => expect(syncs).toHaveLength(2));
  syncs[1]?.();
  await second;
  db.close();
});

test('what is closed before its sync began is on the disk', async () => {
  const { db, insert, commits, syncs } = await openFile();
  const written = [1, 2].map((n) => commits.write(() => insert.run(n)));
  commits.flush();
  db.close();
  await Promise.all(written);
  expect(syncs).toHaveLength(0);
});
