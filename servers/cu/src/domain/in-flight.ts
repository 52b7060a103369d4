/** Given before the first of them is answered; enough to keep an instance busy while results are stored. */
const MAX_COUNT = 256;
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** Messages given to an instance. Their outcomes are settled in the order in which they were given. */
export class InFlight {
  #count = 0;
  #characters = 0;
  #tail: Promise<void> = Promise.resolve();

  get any(): boolean {
    return this.#count > 0;
  }

  get full(): boolean {
    return this.#count >= MAX_COUNT || this.#characters >= MAX_CHARACTERS;
  }

  /**
   * `settle` runs as soon as the outcome is there and everything given earlier has settled. The promise follows it, and
   * fails with the first failure of this and all earlier ones.
   */
  async add<T>(
    outcome: Promise<T> | undefined,
    characters: number,
    settle: (outcome: T | undefined) => void,
  ): Promise<void> {
    this.#count += 1;
    this.#characters += characters;
    this.#tail = Promise.all([outcome, this.#tail]).then(([result]) => settle(result));
    try {
      await this.#tail;
    } finally {
      this.#count -= 1;
      this.#characters -= characters;
    }
  }

  /** After a failure, when everything has settled: what is added next does not fail with it. */
  reset(): void {
    this.#tail = Promise.resolve();
  }
}
