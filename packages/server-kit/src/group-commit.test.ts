import { expect, test } from 'vitest';
import { GroupCommit } from './group-commit.ts';
import { openSqlite } from './sqlite.ts';

function open() {
  const db = openSqlite(':memory:', ['CREATE TABLE t (id INTEGER PRIMARY KEY)']);
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

test('what is only written soon is there too, in order, and leaves the next write as safe as before', async () => {
  const { db, insert, count, commits } = open();
  await commits.writeSoon(() => insert.run(1));
  expect(count()).toBe(1);
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  const order: number[] = [];
  await Promise.all([
    commits.writeSoon(() => order.push(1)),
    commits.write(() => order.push(2)),
    commits.writeSoon(() => order.push(3)),
  ]);
  expect(order).toEqual([1, 2, 3]);
  await expect(commits.writeSoon(() => insert.run(1))).rejects.toThrow('UNIQUE');
});
