import type { Sqlite } from './sqlite.ts';

interface Write {
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
    return new Promise<T>((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.flush());
      this.#queue.push({ run, resolve, reject });
    });
  }

  /** Commits what is queued now. Called at the end of the turn, and before the database is closed. */
  flush(): void {
    const batch = this.#queue;
    this.#queue = [];
    if (batch.length === 0) return;
    const outcomes: (() => void)[] = [];
    try {
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
    }
    for (const settle of outcomes) settle();
  }
}
