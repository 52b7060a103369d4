import { AoError } from '@ao-ts/core';

const MAX_CLIENTS = 100_000;

/** At most so many requests of one client per window. A maximum or a window of 0 switches it off. */
export class RateLimit {
  readonly #options: { max: number; windowMs: number; clock: () => number };
  #counts = new Map<string, number>();
  #windowEnds = 0;

  constructor(options: { max: number; windowMs: number; clock: () => number }) {
    this.#options = options;
  }

  /** @throws AoError `RATE.LIMITED` */
  count(client: string): void {
    const { max, windowMs, clock } = this.#options;
    if (max === 0 || windowMs === 0) return;
    const now = clock();
    if (now >= this.#windowEnds || this.#counts.size > MAX_CLIENTS) {
      this.#counts = new Map();
      this.#windowEnds = now + windowMs;
    }
    const count = (this.#counts.get(client) ?? 0) + 1;
    if (count > max)
      throw new AoError('RATE.LIMITED', 'Rate limit exceeded', { action: 'retry', facts: { max, windowMs } });
    this.#counts.set(client, count);
  }
}
