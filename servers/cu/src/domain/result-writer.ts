import type { Evaluation, ResultStore } from './result-store.ts';

export interface ResultWriterOptions {
  results: ResultStore;
  /** Called in order, once what is answered would survive a crash. `body` is what the store holds. */
  onStored(evaluation: Evaluation, body: string): void;
  /** The results stay here, for another attempt. */
  onFailure(error: unknown): void;
  /** A repeated evaluation gave something else than what is stored. */
  onMismatch(evaluation: Evaluation): void;
}

/** Larger ones would keep the event loop from what else there is to do. */
const MAX_BATCH = 128;
const MAX_DELAY_MS = 100;

/** Stores the results of one process, many in one transaction while nobody waits for them. */
export class ResultWriter {
  readonly #options: ResultWriterOptions;
  readonly #unsaved = new Map<string, Evaluation>();
  #added = 0;
  #stored = 0;
  #oldestAt = 0;
  #writing: Promise<void> | undefined;

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
    const { results, onStored, onMismatch } = this.#options;
    while (this.#unsaved.size > 0) {
      const batch = [...this.#unsaved.values()];
      // Another unit may have been faster, and a memory is rebuilt by repeating what is stored: what is stored stands.
      const bodies = await results.save(batch);
      batch.forEach((evaluation, index) => {
        this.#unsaved.delete(keyOf(evaluation));
        this.#stored += 1;
        const body = bodies[index] ?? evaluation.body;
        if (body !== evaluation.body) onMismatch(evaluation);
        onStored(evaluation, body);
      });
      this.#oldestAt = performance.now();
    }
  }
}

function keyOf({ nonce, timestamp, cron }: Pick<Evaluation, 'nonce' | 'timestamp' | 'cron'>): string {
  return cron === null ? String(nonce) : `${nonce},${timestamp},${cron}`;
}
