import { type AoError, isAoError } from '@ao-ts/core';

/**
 * The message during which a thread had to be stopped. Trying it again at each request would keep a thread from all other
 * processes, so it is not tried again for as long as it was tried.
 */
export class EndlessMessage {
  readonly #clock: () => number;
  #known: { message: string; error: AoError; until: number } | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** @throws AoError `EVAL.TIMEOUT` if it is the one, and it is too early */
  refuse(message: string): void {
    if (message === this.#known?.message && this.#clock() < this.#known.until) throw this.#known.error;
  }

  /** The evaluation of the message failed. */
  failed(message: string, error: unknown): void {
    if (!isAoError(error, 'EVAL.TIMEOUT')) return;
    const { timeoutMs } = error.facts as { timeoutMs: number };
    this.#known = { message, error, until: this.#clock() + timeoutMs };
  }
}
