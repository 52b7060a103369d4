/** Forgotten keys start full again, so only the fullest may be forgotten. */
const MAX_KEYS = 100_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** Lets each key through `perMinute` times a minute, as many at once. */
export class TokenBuckets {
  readonly #perMinute: number;
  readonly #clock: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `clock` gives ms. */
  constructor(perMinute: number, clock: () => number) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** False if the key has used up what it may. */
  take(key: string): boolean {
    const now = this.#clock();
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: this.#perMinute, at: now };
    const refilled = Math.min(this.#perMinute, tokens + ((now - at) * this.#perMinute) / 60_000);
    this.#buckets.delete(key); // set again below: the map stays in order of use
    if (this.#buckets.size >= MAX_KEYS) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    this.#buckets.set(key, { tokens: refilled >= 1 ? refilled - 1 : refilled, at: now });
    return refilled >= 1;
  }
}
