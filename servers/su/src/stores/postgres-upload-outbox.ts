import { queryRows } from '@ao-ts/server-kit';
import type { Pool } from 'pg';
import type { PendingUpload, ScheduledIds, UploadBytes, UploadOutbox } from '../domain/upload-outbox.ts';

/** A unit that took an upload and died leaves it to the others after this long. */
const CLAIM_MS = 60_000;

/** The uploads still to be done, shared by all units on the database. */
export class PostgresUploadOutbox implements UploadOutbox {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async due(now: number, limit: number): Promise<PendingUpload[]> {
    const rows = await queryRows<PendingUpload>(
      this.#pool,
      `UPDATE uploads SET not_before = $2 WHERE sequence IN (
         SELECT sequence FROM uploads WHERE not_before <= $1
         ORDER BY not_before, sequence LIMIT $3 FOR UPDATE SKIP LOCKED)
       RETURNING sequence, attempts`,
      [now, now + CLAIM_MS, limit],
    );
    return rows.sort((a, b) => a.sequence - b.sequence);
  }

  async release(sequences: readonly number[]): Promise<void> {
    await queryRows(this.#pool, 'UPDATE uploads SET not_before = 0 WHERE sequence = ANY($1::bigint[])', [
      sequences,
    ]);
  }

  async load(sequence: number): Promise<UploadBytes> {
    const [bytes] = await queryRows<UploadBytes>(
      this.#pool,
      'SELECT item, assignment FROM slots WHERE sequence = $1',
      [sequence],
    );
    if (!bytes) throw new Error(`There is no slot ${sequence}.`);
    return bytes;
  }

  async done(sequences: readonly number[]): Promise<void> {
    await queryRows(this.#pool, 'DELETE FROM uploads WHERE sequence = ANY($1::bigint[])', [sequences]);
  }

  async postpone(sequence: number, notBefore: number): Promise<void> {
    await queryRows(
      this.#pool,
      'UPDATE uploads SET attempts = attempts + 1, not_before = $2 WHERE sequence = $1',
      [sequence, notBefore],
    );
  }

  async nextDue(): Promise<number | undefined> {
    const [row] = await queryRows<{ next: number | null }>(
      this.#pool,
      'SELECT min(not_before) AS next FROM uploads',
    );
    return row?.next ?? undefined;
  }

  async depth(): Promise<number> {
    const [row] = await queryRows<{ count: number }>(this.#pool, 'SELECT count(*) AS count FROM uploads');
    return row?.count ?? 0;
  }

  async scheduledAfter(sequence: number, limit: number): Promise<ScheduledIds[]> {
    return queryRows<ScheduledIds>(
      this.#pool,
      `SELECT sequence, timestamp, CASE WHEN item IS NULL THEN NULL ELSE item_id END AS "itemId",
         assignment_id AS "assignmentId"
       FROM slots WHERE sequence > $1 ORDER BY sequence LIMIT $2`,
      [sequence, limit],
    );
  }

  async again(sequences: readonly number[]): Promise<void> {
    await queryRows(
      this.#pool,
      'INSERT INTO uploads (sequence) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING',
      [sequences],
    );
  }
}
