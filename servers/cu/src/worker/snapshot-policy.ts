/** Rolling back, and bringing a copy up to date, repeats at most this many times what a snapshot costs. */
const LONGEST_REPLAY = 20;
/** Until the first snapshot has been measured: bytes of memory looked at per millisecond. */
const GUESSED_SPEED = 5_000_000;
const MAX_JOURNAL_CHARACTERS = 32 * 1024 * 1024;

/**
 * Decides when to take a snapshot. Too often costs time always, too seldom costs a long replay after each failure:
 * the least of both is at √(2 · cost of a snapshot · time between failures) of evaluation (Young, 1974).
 * All times are milliseconds of the worker's own clock; they decide when, never what.
 */
export class SnapshotPolicy {
  #costMs: number;
  #sinceSnapshotMs = 0;
  #characters = 0;
  #evaluatedMs = 0;
  #failures = 0;
  #forced = false;

  constructor(memoryBytes: number) {
    this.#costMs = memoryBytes / GUESSED_SPEED;
  }

  kept(durationMs: number, messageLength: number): void {
    this.#sinceSnapshotMs += durationMs;
    this.#evaluatedMs += durationMs;
    this.#characters += messageLength;
  }

  /** A snapshot is due in any case. */
  force(): void {
    this.#forced = true;
  }

  rolledBack(): void {
    this.#failures += 1;
    // Old failures count less and less, so that a process that was repaired is not treated as failing for ever.
    if (this.#failures > 32) {
      this.#failures /= 2;
      this.#evaluatedMs /= 2;
    }
  }

  taken(costMs: number): void {
    this.#costMs = costMs;
    this.#sinceSnapshotMs = 0;
    this.#characters = 0;
    this.#forced = false;
  }

  get due(): boolean {
    if (this.#forced || this.#characters > MAX_JOURNAL_CHARACTERS) return true;
    if (this.#characters === 0) return false;
    const betweenFailures = this.#evaluatedMs / Math.max(1, this.#failures);
    const interval = Math.sqrt(2 * this.#costMs * betweenFailures);
    return this.#sinceSnapshotMs >= Math.min(interval, LONGEST_REPLAY * this.#costMs);
  }
}
