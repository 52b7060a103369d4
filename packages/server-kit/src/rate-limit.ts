import { AoError } from '@ao-ts/core';

/** Keys that are forgotten start full again; those unused for longest go first. */
const MAX_KEYS = 100_000;

interface Bucket {
  tokens: number;
  at: number;
}

export interface RateLimitOptions {
  /** How often a key is let through per window, and at most at once. */
  max: number;
  windowMs: number;
  /** Unix ms. */
  clock: () => number;
}

/** Lets each key (an address, a wallet, a process) through so often and no more. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Counts one more of the key. @throws AoError `RATE.LIMITED`, with the time to wait in its facts and `Retry-After` */
  take(key: string, text = 'Rate limit exceeded'): void {
    const { max, windowMs, clock } = this.#options;
    const now = clock();
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: max, at: now };
    // A clock that was set back gives nothing, and takes nothing away.
    const refilled = Math.min(max, tokens + (Math.max(0, now - at) * max) / windowMs);
    this.#buckets.delete(key); // set again below: the map stays in order of use
    if (this.#buckets.size >= MAX_KEYS) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    this.#buckets.set(key, { tokens: refilled >= 1 ? refilled - 1 : refilled, at: now });
    if (refilled >= 1) return;
    const retryAfterMs = Math.ceil(((1 - refilled) * windowMs) / max);
    throw new AoError('RATE.LIMITED', text, { action: 'retry', facts: { key, max, windowMs, retryAfterMs } });
  }
}

/** A limit a minute, or none. */
export function perMinute(max: number | undefined, clock: () => number): RateLimit | undefined {
  return max === undefined ? undefined : new RateLimit({ max, windowMs: 60_000, clock });
}
