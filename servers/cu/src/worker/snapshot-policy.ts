/** After a thread was lost, and in a copy, at most this many times what a snapshot costs is evaluated again. */
const LONGEST_REPLAY = 20;
/** What the main thread does with a snapshot is not measured here, but it is not free. */
const LEAST_COST_MS = 2;
const MAX_JOURNAL_CHARACTERS = 32 * 1024 * 1024;

/**
 * Decides when to take a snapshot: when what would have to be evaluated again costs a fixed multiple of one, so that
 * snapshots take a bounded share of the time. All times are milliseconds of the worker's own clock; they decide when,
 * never what.
 */
export class SnapshotPolicy {
  #costMs = LEAST_COST_MS;
  #sinceSnapshotMs = 0;
  #characters = 0;
  #forced = false;

  /** Something was kept since the last snapshot. */
  get pending(): boolean {
    return this.#characters > 0;
  }

  get due(): boolean {
    if (!this.pending) return false;
    return (
      this.#forced ||
      this.#characters > MAX_JOURNAL_CHARACTERS ||
      this.#sinceSnapshotMs >= LONGEST_REPLAY * this.#costMs
    );
  }

  kept(durationMs: number, messageLength: number): void {
    this.#sinceSnapshotMs += durationMs;
    this.#characters += messageLength;
  }

  /** A snapshot is due in any case. */
  force(): void {
    this.#forced = true;
  }

  taken(costMs: number): void {
    this.#costMs = Math.max(LEAST_COST_MS, costMs);
    this.#sinceSnapshotMs = 0;
    this.#characters = 0;
    this.#forced = false;
  }
}
