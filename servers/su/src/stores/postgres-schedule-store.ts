import { queryRows } from '@ao-ts/server-kit';
import type { Pool } from 'pg';
import type { ScheduleStore } from '../domain/schedule-store.ts';
import type { Slot } from '../domain/slot.ts';
import type { PostgresWriter } from './postgres-writer.ts';

const COLUMNS = `process_id AS "processId", nonce, timestamp, assignment_id AS "assignmentId", assignment,
  item_id AS "itemId", item`;

const ROWS_AT_ONCE = 32;
/** All rows of an answer are in memory at once, and items may be large. */
const BYTES_AT_ONCE = 1024 * 1024;

const RANGE = `
  SELECT ${COLUMNS} FROM (
    SELECT *, sum(octet_length(assignment) + coalesce(octet_length(item), 0)) OVER (ORDER BY nonce) AS bytes
    FROM slots WHERE process_id = $1 AND nonce BETWEEN $2 AND $3
  ) AS slots
  WHERE bytes <= ${BYTES_AT_ONCE} OR nonce = $2 ORDER BY nonce`;

/** Schedules in PostgreSQL, for several units on several machines. */
export class PostgresScheduleStore implements ScheduleStore {
  readonly #pool: Pool;
  readonly #writer: PostgresWriter;

  constructor(pool: Pool, writer: PostgresWriter) {
    this.#pool = pool;
    this.#writer = writer;
  }

  hold(processId: string): Promise<void> {
    return this.#writer.hold(processId);
  }

  letGo(processId: string): void {
    this.#writer.letGo(processId);
  }

  append(slot: Slot, contentHash?: Uint8Array): Promise<void> {
    return this.#writer.append(slot, contentHash);
  }

  slot(processId: string, nonce: number): Promise<Slot | undefined> {
    return this.#one('process_id = $1 AND nonce = $2', [processId, nonce]);
  }

  latest(processId: string): Promise<Slot | undefined> {
    return this.#one('process_id = $1 ORDER BY nonce DESC LIMIT 1', [processId]);
  }

  newest(): Promise<Slot | undefined> {
    return this.#one('true ORDER BY sequence DESC LIMIT 1', []);
  }

  async *range(processId: string, from: number, to: number): AsyncIterable<Slot> {
    for (let next = from; next <= to; ) {
      const rows = await queryRows<Slot>(this.#pool, RANGE, [
        processId,
        next,
        Math.min(to, next + ROWS_AT_ONCE - 1),
      ]);
      yield* rows;
      const last = rows.at(-1);
      if (!last) return;
      next = last.nonce + 1;
    }
  }

  async nonceAt(processId: string, timestamp: number): Promise<number> {
    const [row] = await queryRows<{ nonce: number }>(
      this.#pool,
      'SELECT nonce FROM slots WHERE process_id = $1 AND timestamp <= $2 ORDER BY timestamp DESC LIMIT 1',
      [processId, timestamp],
    );
    return row?.nonce ?? -1;
  }

  find(id: string, processId?: string): Promise<Slot | undefined> {
    return this.#one(
      `(item_id = $1 AND nonce > 0) OR assignment_id = $1
       ORDER BY process_id = $2 DESC, item IS NULL, sequence LIMIT 1`,
      [id, processId ?? ''],
    );
  }

  hasProcess(processId: string): Promise<boolean> {
    return this.#exists('slots WHERE process_id = $1 AND nonce = 0', [processId]);
  }

  hasItem(itemId: string): Promise<boolean> {
    return this.#exists('slots WHERE item_id = $1 AND item IS NOT NULL', [itemId]);
  }

  hasContent(processId: string, contentHash: Uint8Array): Promise<boolean> {
    return this.#exists('content_hashes WHERE process_id = $1 AND hash = $2', [processId, contentHash]);
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#pool.end();
  }

  async #one(where: string, values: unknown[]): Promise<Slot | undefined> {
    const [slot] = await queryRows<Slot>(this.#pool, `SELECT ${COLUMNS} FROM slots WHERE ${where}`, values);
    return slot;
  }

  async #exists(source: string, values: unknown[]): Promise<boolean> {
    return (await queryRows(this.#pool, `SELECT 1 FROM ${source}`, values)).length > 0;
  }
}
