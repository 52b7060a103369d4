import type { Evaluation, ResultStore } from './result-store.ts';

export interface ResultWriterOptions {
  processId: string;
  results: ResultStore;
  /** Called in order, once what is answered would survive a crash. `body` is what the store holds. */
  onStored(evaluation: Evaluation, body: string): void;
  /** The results stay here, for another attempt. */
  onFailure(error: unknown): void;
  /** A repeated evaluation gave something else than what is stored. */
  onMismatch(evaluation: Evaluation): void;
}

/** A commit costs as much as storing some hundred results. */
const MAX_BATCH = 512;
const MAX_DELAY_MS = 100;

/** Stores the results of one process, many in one transaction while nobody waits for them. */
export class ResultWriter {
  readonly #options: ResultWriterOptions;
  readonly #unsaved = new Map<string, Evaluation>();
  #added = 0;
  #stored = 0;
  #oldestAt = 0;
  #writing: Promise<void> | undefined;
  /** Up to here results may be in the store already. */
  #storedUpTo: number | undefined;

  constructor(options: ResultWriterOptions) {
    this.#options = options;
  }

  /** How many evaluations were handed in, and how many of them, in order, are stored. */
  get added(): number {
    return this.#added;
  }

  get stored(): number {
    return this.#stored;
  }

  get size(): number {
    return this.#unsaved.size;
  }

  has(nonce: number): boolean {
    return this.#unsaved.has(keyOf({ nonce, timestamp: 0, cron: null }));
  }

  add(evaluation: Evaluation, urgent: boolean): void {
    if (this.#unsaved.size === 0) this.#oldestAt = performance.now();
    this.#added += 1;
    this.#unsaved.set(keyOf(evaluation), evaluation);
    if (urgent || this.#unsaved.size >= MAX_BATCH || performance.now() - this.#oldestAt > MAX_DELAY_MS)
      this.flush();
  }

  /** Begins to store what is here. */
  flush(): void {
    if (this.#unsaved.size === 0) return;
    this.#writing ??= this.#write().then(
      () => {
        this.#writing = undefined;
      },
      (error: unknown) => {
        this.#writing = undefined;
        this.#options.onFailure(error);
      },
    );
  }

  async #write(): Promise<void> {
    const { processId, results } = this.#options;
    this.#storedUpTo ??= (await results.newestNonce(processId)) ?? -1;
    while (this.#unsaved.size > 0) {
      const batch = [...this.#unsaved.values()];
      const stored = await Promise.all(batch.map((evaluation) => this.#known(evaluation)));
      await results.save(batch.filter((_, index) => stored[index] === undefined));
      batch.forEach((evaluation, index) => {
        this.#unsaved.delete(keyOf(evaluation));
        this.#stored += 1;
        this.#options.onStored(evaluation, stored[index] ?? evaluation.body);
      });
      this.#oldestAt = performance.now();
    }
  }

  /** What the store has of an evaluation that is repeated to rebuild the memory. */
  async #known({ nonce, body, ...rest }: Evaluation): Promise<string | undefined> {
    if (rest.cron !== null || nonce > (this.#storedUpTo ?? -1)) return undefined;
    const stored = await this.#options.results.at(this.#options.processId, nonce);
    if (stored && stored.body !== body) this.#options.onMismatch({ nonce, body, ...rest });
    return stored?.body;
  }
}

function keyOf({ nonce, timestamp, cron }: Pick<Evaluation, 'nonce' | 'timestamp' | 'cron'>): string {
  return cron === null ? String(nonce) : `${nonce},${timestamp},${cron}`;
}
