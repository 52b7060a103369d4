import { AoError } from '@ao-ts/core';
import type { Sqlite } from '@ao-ts/server-kit';
import type { Statement } from 'better-sqlite3';
import { conflict, duplicateContent, duplicateItem, storeFailed } from '../domain/errors.ts';
import type { Slot } from '../domain/slot.ts';

/** Something to be written. Orders are plain data, so that they can go to another thread. */
export type Order =
  | { kind: 'append'; slot: Slot; contentHash: Uint8Array | undefined }
  | { kind: 'uploaded'; sequences: readonly number[] }
  | { kind: 'postpone'; sequence: number; notBefore: number }
  | { kind: 'upload-again'; sequences: readonly number[] };

const NO_HEAD = { nonce: -1, timestamp: 0 };

/** Carries out orders on one connection, those of a call in one transaction. */
export class SqliteOrders {
  readonly #db: Sqlite;
  readonly #sql: Record<
    | 'head'
    | 'hasItem'
    | 'hasContent'
    | 'addSlot'
    | 'addContent'
    | 'addUpload'
    | 'uploaded'
    | 'postpone'
    | 'again',
    Statement
  >;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#sql = {
      head: db.prepare('SELECT nonce, timestamp FROM slots WHERE process_id = ? ORDER BY nonce DESC LIMIT 1'),
      hasItem: db.prepare('SELECT 1 FROM slots WHERE item_id = ? AND item IS NOT NULL').pluck(),
      hasContent: db.prepare('SELECT 1 FROM content_hashes WHERE process_id = ? AND hash = ?').pluck(),
      addSlot: db.prepare(
        `INSERT INTO slots (process_id, nonce, timestamp, assignment_id, item_id, assignment, item)
         VALUES (@processId, @nonce, @timestamp, @assignmentId, @itemId, @assignment, @item)`,
      ),
      addContent: db.prepare('INSERT INTO content_hashes (process_id, hash) VALUES (?, ?)'),
      addUpload: db.prepare('INSERT INTO uploads (sequence) VALUES (?)'),
      uploaded: db.prepare('DELETE FROM uploads WHERE sequence = ?'),
      postpone: db.prepare('UPDATE uploads SET attempts = attempts + 1, not_before = ? WHERE sequence = ?'),
      again: db.prepare('INSERT INTO uploads (sequence) VALUES (?) ON CONFLICT DO NOTHING'),
    };
  }

  /** Carries out the orders and syncs them to the disk. Gives for each nothing, or the AoError that undid it. */
  commit(orders: readonly Order[]): (AoError | undefined)[] {
    try {
      return this.#db.transaction(() => orders.map((order) => this.#attempt(order))).immediate();
    } catch (cause) {
      const error = storeFailed(cause);
      return orders.map(() => error);
    }
  }

  #attempt(order: Order): AoError | undefined {
    try {
      this.#carryOut(order);
    } catch (error) {
      // Rules are checked before anything is written; anything else undoes the whole transaction.
      if (error instanceof AoError) return error;
      throw error;
    }
    return undefined;
  }

  #carryOut(order: Order): void {
    switch (order.kind) {
      case 'append':
        this.#append(order.slot, order.contentHash);
        break;
      case 'uploaded':
        for (const sequence of order.sequences) this.#sql.uploaded.run(sequence);
        break;
      case 'postpone':
        this.#sql.postpone.run(order.notBefore, order.sequence);
        break;
      case 'upload-again':
        for (const sequence of order.sequences) this.#sql.again.run(sequence);
    }
  }

  #append(slot: Slot, contentHash: Uint8Array | undefined): void {
    const { processId, itemId, nonce, timestamp, item } = slot;
    const head = (this.#sql.head.get(processId) as Pick<Slot, 'nonce' | 'timestamp'> | undefined) ?? NO_HEAD;
    if (head.nonce !== nonce - 1 || head.timestamp >= timestamp) throw conflict(processId);
    if (item !== null && this.#sql.hasItem.get(itemId) !== undefined) throw duplicateItem(itemId);
    if (contentHash && this.#sql.hasContent.get(processId, contentHash) !== undefined) {
      throw duplicateContent(itemId);
    }
    if (contentHash) this.#sql.addContent.run(processId, contentHash);
    const { lastInsertRowid } = this.#sql.addSlot.run(slot);
    this.#sql.addUpload.run(lastInsertRowid);
  }
}
