import { currentTrace, type Tracer } from '@ao-ts/server-kit';

interface Asked {
  /** `traceparent` of the request. */
  parent: string | undefined;
  /** Unix ms. */
  at: number;
}

export interface Evaluated {
  processId: string;
  nonce: number;
  gasUsed: number;
  /** In the instance, without what came before. */
  timeMs: number;
}

/** Shows each evaluation that somebody waits for in the trace of whoever asked for it first. */
export class EvaluationSpans {
  readonly #tracer: Tracer | undefined;
  readonly #asked = new Map<string, Asked>();

  constructor(tracer: Tracer | undefined) {
    this.#tracer = tracer;
  }

  /** Runs what waits for the evaluation of a message. */
  async waiting<T>(processId: string, nonce: number, wait: () => Promise<T>): Promise<T> {
    const key = `${processId},${nonce}`;
    if (!this.#tracer || this.#asked.has(key)) return wait();
    const asked = { parent: currentTrace(), at: Date.now() };
    this.#asked.set(key, asked);
    try {
      return await wait();
    } finally {
      if (this.#asked.get(key) === asked) this.#asked.delete(key);
    }
  }

  /** The evaluation of a message has just ended. */
  evaluated({ processId, nonce, gasUsed, timeMs }: Evaluated): void {
    const key = `${processId},${nonce}`;
    const asked = this.#asked.get(key);
    if (!asked || !this.#tracer) return;
    this.#asked.delete(key);
    const startedMs = Math.max(asked.at, Date.now() - timeMs);
    const attributes = {
      'ao.process': processId,
      'ao.nonce': nonce,
      'ao.gas': gasUsed,
      // For a thread, and for the messages before it.
      'ao.waited_ms': startedMs - asked.at,
    };
    this.#tracer.start('internal', 'evaluate', { parent: asked.parent, attributes, startedMs }).end();
  }
}
