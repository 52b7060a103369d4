import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction, openPostgres } from '../src/index.ts';
import { TestPostgres } from './postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres?.[Symbol.asyncDispose]());

test('a connection that breaks between two queries of a transaction fails the transaction, not the program', async () => {
  const pool = await openPostgres(await postgres.database(), { migrations: [], migrationLock: 1 });
  const broken = inTransaction(pool, async (client) => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    await ended;
    await client.query('SELECT 1');
  });
  await expect(broken).rejects.toThrow();
  expect((await inTransaction(pool, (client) => client.query('SELECT 1 AS one'))).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

test('a connection has a statement with parameters parsed once, whatever its values', async () => {
  const pool = await openPostgres(await postgres.database(), { migrations: [], migrationLock: 1 });
  const client = await pool.connect();
  for (const value of ['a', 'b', 'c']) {
    expect((await client.query('SELECT $1 AS said', [value])).rows).toEqual([{ said: value }]);
  }
  const prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1 AS said'";
  expect((await client.query(prepared)).rows).toEqual([{ count: 1 }]);
  client.release();
  await pool.end();
});
