import type { Snapshot } from '@ao-ts/core/loader';
import type { Point } from './slot.ts';
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
  #newest: StoredSnapshot | undefined;
  #storedNonce = -1;
  #savedAt = performance.now();
  #saving: Promise<void> | undefined;

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
  }

  offer(snapshot: Snapshot, point: Point): void {
    this.#newest = { snapshot, point };
    this.#saveIfDue();
  }

  /** All results up to that nonce are stored. */
  resultsStored(nonce: number): void {
    this.#storedNonce = nonce;
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
    const stored = this.#newest;
    if (!stored || this.#saving || stored.point.nonce > this.#storedNonce) return;
    this.#newest = undefined;
    this.#savedAt = performance.now();
    this.#saving = this.#options
      .save(stored)
      .catch((error: unknown) => this.#options.onFailure(error))
      .finally(() => {
        this.#saving = undefined;
      });
  }
}
