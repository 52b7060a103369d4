import type { Sqlite } from '@ao-ts/server-kit';
import type { Statement } from 'better-sqlite3';
import type { PendingUpload, ScheduledIds, UploadBytes, UploadOutbox } from '../domain/upload-outbox.ts';
import type { OrderWriter } from './sqlite-writer.ts';

/** The uploads still to be done, in the same file as the slots. */
export class SqliteUploadOutbox implements UploadOutbox {
  readonly #writer: OrderWriter;
  readonly #sql: Record<'due' | 'load' | 'nextDue' | 'depth' | 'after', Statement>;

  constructor(db: Sqlite, writer: OrderWriter) {
    this.#writer = writer;
    this.#sql = {
      due: db.prepare(
        `SELECT sequence, attempts FROM uploads WHERE not_before <= ?
         ORDER BY not_before, sequence LIMIT ?`,
      ),
      load: db.prepare('SELECT item, assignment FROM slots WHERE sequence = ?'),
      nextDue: db.prepare('SELECT not_before FROM uploads ORDER BY not_before LIMIT 1').pluck(),
      after: db.prepare(
        `SELECT sequence, timestamp, CASE WHEN item IS NULL THEN NULL ELSE item_id END AS itemId,
           assignment_id AS assignmentId
         FROM slots WHERE sequence > ? ORDER BY sequence LIMIT ?`,
      ),
      depth: db.prepare('SELECT count(*) FROM uploads').pluck(),
    };
  }

  async due(now: number, limit: number): Promise<PendingUpload[]> {
    return this.#sql.due.all(now, limit) as PendingUpload[];
  }

  // There is one unit, which finds them due the next time it looks.
  async release(): Promise<void> {}

  async load(sequence: number): Promise<UploadBytes> {
    return this.#sql.load.get(sequence) as UploadBytes;
  }

  done(sequences: readonly number[]): Promise<void> {
    return this.#writer.write({ kind: 'uploaded', sequences });
  }

  postpone(sequence: number, notBefore: number): Promise<void> {
    return this.#writer.write({ kind: 'postpone', sequence, notBefore });
  }

  async nextDue(): Promise<number | undefined> {
    return this.#sql.nextDue.get() as number | undefined;
  }

  async depth(): Promise<number> {
    return this.#sql.depth.get() as number;
  }

  async scheduledAfter(sequence: number, limit: number): Promise<ScheduledIds[]> {
    return this.#sql.after.all(sequence, limit) as ScheduledIds[];
  }

  again(sequences: readonly number[]): Promise<void> {
    return this.#writer.write({ kind: 'upload-again', sequences });
  }
}
