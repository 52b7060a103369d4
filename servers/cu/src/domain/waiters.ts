interface Waiter {
  resolve: (body: string) => void;
  reject: (error: unknown) => void;
}

/** Requests that wait for the result of a nonce. */
export class Waiters {
  readonly #byNonce = new Map<number, Waiter[]>();

  has(nonce: number): boolean {
    return this.#byNonce.has(nonce);
  }

  wait(nonce: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const waiters = this.#byNonce.get(nonce);
      if (waiters) waiters.push({ resolve, reject });
      else this.#byNonce.set(nonce, [{ resolve, reject }]);
    });
  }

  announce(nonce: number, body: string): void {
    const waiters = this.#byNonce.get(nonce);
    this.#byNonce.delete(nonce);
    for (const { resolve } of waiters ?? []) resolve(body);
  }

  reject(error: unknown, concerns: (nonce: number) => boolean): void {
    for (const [nonce, waiters] of [...this.#byNonce]) {
      if (!concerns(nonce)) continue;
      this.#byNonce.delete(nonce);
      for (const { reject } of waiters) reject(error);
    }
  }
}
