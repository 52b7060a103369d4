import type { GroupCommit, Sqlite } from '@ao-ts/server-kit';
import type { Statement } from 'better-sqlite3';
import type { PendingUpload, ScheduledIds, UploadBytes, UploadOutbox } from '../domain/upload-outbox.ts';

/** The uploads still to be done, in the same file as the slots. */
export class SqliteUploadOutbox implements UploadOutbox {
  readonly #commits: GroupCommit;
  readonly #sql: Record<
    'due' | 'load' | 'done' | 'postpone' | 'nextDue' | 'depth' | 'after' | 'again',
    Statement
  >;

  constructor(db: Sqlite, commits: GroupCommit) {
    this.#commits = commits;
    this.#sql = {
      due: db.prepare(
        `SELECT sequence, attempts FROM uploads WHERE not_before <= ?
         ORDER BY not_before, sequence LIMIT ?`,
      ),
      load: db.prepare('SELECT item, assignment FROM slots WHERE sequence = ?'),
      done: db.prepare('DELETE FROM uploads WHERE sequence = ?'),
      postpone: db.prepare(
        'UPDATE uploads SET attempts = attempts + 1, not_before = @notBefore WHERE sequence = @sequence',
      ),
      nextDue: db.prepare('SELECT not_before FROM uploads ORDER BY not_before LIMIT 1').pluck(),
      after: db.prepare(
        `SELECT sequence, timestamp, CASE WHEN item IS NULL THEN NULL ELSE item_id END AS itemId,
           assignment_id AS assignmentId
         FROM slots WHERE sequence > ? ORDER BY sequence LIMIT ?`,
      ),
      again: db.prepare('INSERT INTO uploads (sequence) VALUES (?) ON CONFLICT DO NOTHING'),
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

  async done(sequences: readonly number[]): Promise<void> {
    await this.#commits.write(() => {
      for (const sequence of sequences) this.#sql.done.run(sequence);
    });
  }

  async postpone(sequence: number, notBefore: number): Promise<void> {
    await this.#commits.write(() => this.#sql.postpone.run({ sequence, notBefore }));
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

  async again(sequences: readonly number[]): Promise<void> {
    await this.#commits.write(() => {
      for (const sequence of sequences) this.#sql.again.run(sequence);
    });
  }
}
