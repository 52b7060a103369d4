import { AoError } from '@ao-ts/core';
import { GroupCommit, type Sqlite } from '@ao-ts/server-kit';
import type { Statement } from 'better-sqlite3';
import { conflict, duplicateContent, duplicateItem, storeFailed } from '../domain/errors.ts';
import type { Slot } from '../domain/slot.ts';

/** Something to be written. Orders are plain data, so that they can go to another thread. */
export type Order =
  | { kind: 'append'; slot: Slot; contentHash: Uint8Array | undefined }
  | { kind: 'uploaded'; sequences: readonly number[] }
  | { kind: 'postpone'; sequence: number; notBefore: number }
  | { kind: 'upload-again'; sequences: readonly number[] };

/** Carries out orders on one connection, those of a call in one transaction. */
export class SqliteOrders {
  readonly #commits: GroupCommit;
  readonly #sql: Record<
    | 'headNonce'
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
    this.#commits = new GroupCommit(db);
    this.#sql = {
      headNonce: db
        .prepare('SELECT nonce FROM slots WHERE process_id = ? ORDER BY nonce DESC LIMIT 1')
        .pluck(),
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

  /** Settles each order after the commit: with nothing, or with the AoError that undid this one. */
  async commit(orders: readonly Order[]): Promise<(AoError | undefined)[]> {
    const writes = orders.map((order) => this.#commits.write(() => this.#carryOut(order)));
    this.#commits.flush();
    const outcomes = await Promise.allSettled(writes);
    return outcomes.map((outcome) => {
      if (outcome.status === 'fulfilled') return undefined;
      return outcome.reason instanceof AoError ? outcome.reason : storeFailed(outcome.reason);
    });
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
    const { processId, itemId, nonce, item } = slot;
    if (((this.#sql.headNonce.get(processId) as number | undefined) ?? -1) !== nonce - 1) {
      throw conflict(processId);
    }
    if (item !== null && this.#sql.hasItem.get(itemId) !== undefined) throw duplicateItem(itemId);
    if (contentHash) {
      if (this.#sql.hasContent.get(processId, contentHash) !== undefined) throw duplicateContent(itemId);
      this.#sql.addContent.run(processId, contentHash);
    }
    const { lastInsertRowid } = this.#sql.addSlot.run(slot);
    this.#sql.addUpload.run(lastInsertRowid);
  }
}
