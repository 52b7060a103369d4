import fs from 'node:fs';
import { AoError } from '@ao-ts/core';
import type { Transaction } from 'better-sqlite3';
import type { Sqlite } from './sqlite.ts';

interface Write {
  durable: boolean;
  run: () => unknown;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/**
 * Commits the writes of one turn of the event loop in one transaction, and lets the disk sync them while the next turn
 * goes on. A write that throws undoes only itself. Whoever writes to the same database beside it is not synced.
 * Writes that the disk refuses reject with the AoError `STORE.FAILED`.
 */
export class GroupCommit {
  readonly #db: Sqlite;
  // Made once: making them costs as much as a small write.
  readonly #all: Transaction<(work: () => void) => void>;
  readonly #one: Transaction<(run: () => unknown) => unknown>;
  #queue: Write[] = [];
  #syncing = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(db: Sqlite) {
    this.#db = db;
    // The log is synced here, beside the event loop, and not by SQLite at each commit.
    db.pragma('synchronous = NORMAL');
    this.#all = db.transaction((work) => work());
    this.#one = db.transaction((run) => run());
  }

  /** The promise settles when the write is on the disk. */
  write<T>(run: () => T): Promise<T> {
    return this.#enqueue(run, true);
  }

  /**
   * For what could be found out again: its promise settles when it outlives this process. It outlives the machine from
   * the next {@link write} on.
   */
  writeSoon<T>(run: () => T): Promise<T> {
    return this.#enqueue(run, false);
  }

  /** Commits what is queued now. Called at the end of the turn, and before the database is closed. */
  flush(): void {
    const batch = this.#queue;
    this.#queue = [];
    if (batch.length === 0) return;
    const outcomes: ((synced: Promise<void>) => void)[] = [];
    const alone = batch.length === 1;
    try {
      this.#all.immediate(() => {
        for (const { durable, run, resolve, reject } of batch) {
          try {
            const value = (alone ? run() : this.#one(run)) as never;
            outcomes.push((synced) => {
              if (durable) synced.then(() => resolve(value), reject);
              else resolve(value);
            });
          } catch (error) {
            // A full disk ends the whole transaction, not just this write's part of it.
            if (alone || !this.#db.inTransaction) throw error;
            outcomes.push(() => reject(refusal(error)));
          }
        }
      });
    } catch (error) {
      for (const { reject } of batch) reject(refusal(error));
      return;
    }
    const synced = batch.some(({ durable }) => durable) ? this.#synced() : Promise.resolve();
    synced.catch(() => {}); // told to each write that waits for it
    for (const settle of outcomes) settle(synced);
  }

  #enqueue<T>(run: () => T, durable: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.flush());
      this.#queue.push({ durable, run, resolve, reject });
    });
  }

  /** Settles when what is committed by now is on the disk. One sync serves all that come while another is under way. */
  #synced(): Promise<void> {
    this.#next ??= this.#syncing
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        this.#syncing = syncLog(this.#db).catch((error: unknown) => {
          throw refusal(error);
        });
        return this.#syncing;
      });
    return this.#next;
  }
}

const REFUSED = /^(SQLITE_(FULL|READONLY|IOERR|CANTOPEN|BUSY)|(EIO|ENOSPC|EDQUOT|EROFS)$)/;

/** What the disk does not take now it may take later; everything else is as it was thrown. */
function refusal(error: unknown): unknown {
  const code = String((error as NodeJS.ErrnoException).code);
  if (!REFUSED.test(code)) return error;
  const message = `The disk does not take what is to be stored (${code}); send it again later.`;
  return new AoError('STORE.FAILED', message, { action: 'retry', facts: { code }, cause: error });
}

/** Brings the write-ahead log of a database to the disk: what SQLite does itself at each commit, but without waiting. */
function syncLog(db: Sqlite): Promise<void> {
  return new Promise((resolve, reject) => {
    // Closing a database brings everything to the disk.
    if (db.memory || !db.open) return resolve();
    const log = fs.openSync(`${db.name}-wal`, 'r+');
    fs.fdatasync(log, (error) => {
      fs.closeSync(log);
      if (error) reject(error);
      else resolve();
    });
  });
}
