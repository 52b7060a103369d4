import type { Sqlite } from '@ao-ts/server-kit';
import type { Statement } from 'better-sqlite3';
import type { ScheduleStore } from '../domain/schedule-store.ts';
import type { Slot } from '../domain/slot.ts';
import type { OrderWriter } from './sqlite-writer.ts';

const COLUMNS = `process_id AS processId, nonce, timestamp, assignment_id AS assignmentId, assignment,
  item_id AS itemId, item`;

/** Schedules in SQLite. */
export class SqliteScheduleStore implements ScheduleStore {
  readonly #writer: OrderWriter;
  readonly #close: () => void;
  readonly #sql: Record<
    'slot' | 'latest' | 'newest' | 'timestamp' | 'find' | 'headNonce' | 'hasItem' | 'hasContent',
    Statement
  >;

  /** Reads through `db`, writes through `writer`; `close` is called after the last write. */
  constructor(db: Sqlite, writer: OrderWriter, close: () => void) {
    this.#writer = writer;
    this.#close = close;
    this.#sql = {
      slot: db.prepare(`SELECT ${COLUMNS} FROM slots WHERE process_id = ? AND nonce = ?`),
      latest: db.prepare(`SELECT ${COLUMNS} FROM slots WHERE process_id = ? ORDER BY nonce DESC LIMIT 1`),
      newest: db.prepare(`SELECT ${COLUMNS} FROM slots ORDER BY sequence DESC LIMIT 1`),
      timestamp: db.prepare('SELECT timestamp FROM slots WHERE process_id = ? AND nonce = ?').pluck(),
      find: db.prepare(
        `SELECT ${COLUMNS} FROM slots
         WHERE sequence IN (
           SELECT sequence FROM slots WHERE item_id = @id AND nonce > 0
           UNION SELECT sequence FROM slots WHERE assignment_id = @id)
         ORDER BY process_id = @processId DESC, item IS NULL, sequence LIMIT 1`,
      ),
      headNonce: db
        .prepare('SELECT nonce FROM slots WHERE process_id = ? ORDER BY nonce DESC LIMIT 1')
        .pluck(),
      hasItem: db.prepare('SELECT 1 FROM slots WHERE item_id = ? AND item IS NOT NULL').pluck(),
      hasContent: db.prepare('SELECT 1 FROM content_hashes WHERE process_id = ? AND hash = ?').pluck(),
    };
  }

  // Nobody else has the file open for writing.
  async hold(): Promise<void> {}
  letGo(): void {}

  append(slot: Slot, contentHash?: Uint8Array): Promise<void> {
    return this.#writer.write({ kind: 'append', slot, contentHash });
  }

  async slot(processId: string, nonce: number): Promise<Slot | undefined> {
    return this.#sql.slot.get(processId, nonce) as Slot | undefined;
  }

  async latest(processId: string): Promise<Slot | undefined> {
    return this.#sql.latest.get(processId) as Slot | undefined;
  }

  async newest(): Promise<Slot | undefined> {
    return this.#sql.newest.get() as Slot | undefined;
  }

  async *range(processId: string, from: number, to: number): AsyncIterable<Slot> {
    // One statement a slot: a long cursor would keep the connection from writing until its reader is done.
    for (let nonce = from; nonce <= to; nonce++) {
      const slot = this.#sql.slot.get(processId, nonce) as Slot | undefined;
      if (!slot) return;
      yield slot;
    }
  }

  async nonceAt(processId: string, timestamp: number): Promise<number> {
    // Timestamps rise with the nonce, so halving finds it, and every write is spared an index.
    let below = -1;
    let above = this.#headNonce(processId) + 1;
    while (above - below > 1) {
      const nonce = Math.floor((below + above) / 2);
      if ((this.#sql.timestamp.get(processId, nonce) as number) <= timestamp) below = nonce;
      else above = nonce;
    }
    return below;
  }

  async find(id: string, processId?: string): Promise<Slot | undefined> {
    return this.#sql.find.get({ id, processId: processId ?? '' }) as Slot | undefined;
  }

  async hasProcess(processId: string): Promise<boolean> {
    return this.#headNonce(processId) >= 0;
  }

  async hasItem(itemId: string): Promise<boolean> {
    return this.#sql.hasItem.get(itemId) !== undefined;
  }

  async hasContent(processId: string, contentHash: Uint8Array): Promise<boolean> {
    return this.#sql.hasContent.get(processId, contentHash) !== undefined;
  }

  async close(): Promise<void> {
    await this.#writer.close();
    this.#close();
  }

  #headNonce(processId: string): number {
    return (this.#sql.headNonce.get(processId) as number | undefined) ?? -1;
  }
}
