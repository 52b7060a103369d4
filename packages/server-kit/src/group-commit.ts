import type { Sqlite } from './sqlite.ts';

interface Write {
  durable: boolean;
  run: () => unknown;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/**
 * Commits the writes of one turn of the event loop in one transaction: one sync of the disk for all of them.
 * A write's promise settles after the commit; a write that throws undoes only itself.
 */
export class GroupCommit {
  readonly #db: Sqlite;
  #queue: Write[] = [];

  constructor(db: Sqlite) {
    this.#db = db;
  }

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
    const outcomes: (() => void)[] = [];
    const synced = batch.some((write) => write.durable);
    try {
      if (!synced) this.#db.pragma('synchronous = NORMAL');
      this.#db
        .transaction(() => {
          for (const { run, resolve, reject } of batch) {
            try {
              const value = this.#db.transaction(run)() as never;
              outcomes.push(() => resolve(value));
            } catch (error) {
              // A full disk ends the whole transaction, not just this write's part of it.
              if (!this.#db.inTransaction) throw error;
              outcomes.push(() => reject(error));
            }
          }
        })
        .immediate();
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    } finally {
      if (!synced && this.#db.open) this.#db.pragma('synchronous = FULL');
    }
    for (const settle of outcomes) settle();
  }

  #enqueue<T>(run: () => T, durable: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.flush());
      this.#queue.push({ durable, run, resolve, reject });
    });
  }
}
