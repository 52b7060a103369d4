/** The time of a network: that of this machine, and what it was moved on by. */
export class SteppedClock {
  #aheadMs = 0;

  /** Unix milliseconds. */
  readonly now = (): number => Date.now() + this.#aheadMs;

  /** @throws RangeError for a time that would go back */
  advance(ms: number): void {
    if (!Number.isSafeInteger(ms) || ms < 0) {
      throw new RangeError(`The clock is moved on by whole milliseconds from 0 on, not by ${ms}.`);
    }
    this.#aheadMs += ms;
  }
}
