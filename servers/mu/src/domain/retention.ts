import type { Ledger } from './ledger.ts';

const SWEEP_EVERY_MS = 10 * 60_000;
const BATCH = 500;

export interface RetentionOptions {
  ledger: Pick<Ledger, 'prune'>;
  /** How long what is finished is kept. */
  retentionMs: number;
  clock: () => number;
  onFailure: (error: unknown) => void;
}

/** Removes what was finished long ago, in small bites, so that nothing waits for it. */
export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #sweep = Promise.resolve();
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#sweep = this.#run()
      .catch(this.#options.onFailure)
      .then(() => {
        if (!this.#stopped) this.#timer = setTimeout(() => this.start(), SWEEP_EVERY_MS);
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sweep;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    const { ledger, retentionMs, clock } = this.#options;
    const before = clock() - retentionMs;
    while (!this.#stopped && (await ledger.prune(before, BATCH)) === BATCH);
  }
}
