import { AoError } from '@ao-ts/core';

const MINUTE_MS = 60_000;

/** How many items one address may send in a minute. Counts are forgotten when the minute is over. */
export class OwnerQuota {
  readonly #perMinute: number;
  /** Unix milliseconds. */
  readonly #clock: () => number;
  #minute = 0;
  #counts = new Map<string, number>();

  constructor(perMinute: number, clock: () => number) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Counts an item of `owner`. @throws AoError `RATE.LIMITED` */
  take(owner: string): void {
    const minute = Math.floor(this.#clock() / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#counts = new Map();
    }
    const count = (this.#counts.get(owner) ?? 0) + 1;
    if (count > this.#perMinute) {
      throw new AoError(
        'RATE.LIMITED',
        `${owner} has sent ${this.#perMinute} items in this minute, which is all it may. Go on in the next one.`,
        { action: 'retry', facts: { owner } },
      );
    }
    this.#counts.set(owner, count);
  }
}
