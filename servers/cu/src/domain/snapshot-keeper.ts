import type { StoredSnapshot } from './snapshot-store.ts';

export interface SnapshotKeeperOptions {
  save(stored: StoredSnapshot): Promise<void>;
  /** Between two saves, in ms. */
  intervalMs: number;
  onFailure(error: unknown): void;
}

/**
 * Saves the snapshots of one process now and then. A snapshot is saved only after all results it stands for: what is
 * evaluated again after a crash then never leaves out a result.
 */
export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  #newest: { stored: StoredSnapshot; results: number } | undefined;
  #storedResults = 0;
  #savedAt = performance.now();
  #saving: Promise<void> | undefined;

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
  }

  /** `results` counts the results it stands for, among those of this run. */
  offer(stored: StoredSnapshot, results: number): void {
    this.#newest = { stored, results };
    this.#saveIfDue();
  }

  /** So many results of this run are stored. */
  resultsStored(results: number): void {
    this.#storedResults = results;
    this.#saveIfDue();
  }

  /** Saves the newest snapshot if it is not saved yet. Never fails. */
  async flush(): Promise<void> {
    await this.#saving;
    this.#save();
    await this.#saving;
  }

  #saveIfDue(): void {
    if (performance.now() - this.#savedAt >= this.#options.intervalMs) this.#save();
  }

  #save(): void {
    const newest = this.#newest;
    if (!newest || this.#saving || newest.results > this.#storedResults) return;
    this.#newest = undefined;
    this.#savedAt = performance.now();
    this.#saving = this.#options
      .save(newest.stored)
      .catch((error: unknown) => this.#options.onFailure(error))
      .finally(() => {
        this.#saving = undefined;
      });
  }
}
