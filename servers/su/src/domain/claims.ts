/** Lets only one holder of a key work at a time; others wait until it is done, whatever came of it. */
export class Claims {
  readonly #held = new Map<string, Promise<void>>();

  async hold<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    for (let other = this.#holder(keys); other; other = this.#holder(keys)) await other;
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const key of keys) this.#held.set(key, promise);
    try {
      return await work();
    } finally {
      for (const key of keys) this.#held.delete(key);
      resolve();
    }
  }

  #holder(keys: readonly string[]): Promise<void> | undefined {
    for (const key of keys) {
      const holder = this.#held.get(key);
      if (holder) return holder;
    }
    return undefined;
  }
}
