import { AoError, errorMessage } from '@ao-ts/core';

export interface RefreshedOptions<T> {
  /** What it is, for messages: "the block height". */
  what: string;
  /** Gives the newest value; the one there is may be taken into account. */
  ask: (previous: T | undefined) => Promise<T>;
  /** A value from an earlier run, if any. */
  initial?: T | undefined;
  refreshMs: number;
  /** Told once per outage: a line every few seconds says nothing new. */
  onFailure: (reason: string, what: string) => void;
}

/**
 * A value that is asked for elsewhere and kept fresh in the background. While its source is away the last one seen is
 * used; only where there never was one, work has to wait.
 */
class Refreshed<T> {
  readonly #options: RefreshedOptions<T>;
  #value: T | undefined;
  #underWay: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #failing = false;

  constructor(options: RefreshedOptions<T>) {
    this.#options = options;
    this.#value = options.initial;
  }

  /** @throws AoError `UPSTREAM.AWAY` if there never was a value and there is none now */
  async current(): Promise<T> {
    if (this.#value === undefined) await this.#refresh();
    if (this.#value !== undefined) return this.#value;
    throw new AoError(
      'UPSTREAM.AWAY',
      `${this.#options.what} is not known yet because its source does not answer. Try again later.`,
      { action: 'retry' },
    );
  }

  start(): void {
    void this.#refresh().then(() => {
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.start(), this.#options.refreshMs);
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #refresh(): Promise<void> {
    this.#underWay ??= this.#ask().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #ask(): Promise<void> {
    try {
      this.#value = await this.#options.ask(this.#value);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing && !this.#stopped) {
        this.#options.onFailure(errorMessage(error), this.#options.what);
      }
      this.#failing = true;
    }
  }
}

/** The refreshed values of a unit, started and stopped together. */
export class RefreshedValues {
  readonly #values: Refreshed<unknown>[] = [];
  readonly #onFailure: (reason: string, what: string) => void;

  constructor(onFailure: (reason: string, what: string) => void) {
    this.#onFailure = onFailure;
  }

  /** Adds a value; gives what reads it. */
  keep<T>(options: Omit<RefreshedOptions<T>, 'onFailure'>): () => Promise<T> {
    const value = new Refreshed<T>({ ...options, onFailure: this.#onFailure });
    this.#values.push(value as Refreshed<unknown>);
    return () => value.current();
  }

  start(): void {
    for (const value of this.#values) value.start();
  }

  stop(): void {
    for (const value of this.#values) value.stop();
  }
}
