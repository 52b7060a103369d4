import { AoError } from '@ao-ts/core';
import { EvaluationThread } from './evaluation-thread.ts';

/** Worker threads, started when they are needed and replaced when they die. */
export class ThreadPool implements AsyncDisposable {
  readonly #threads = new Set<EvaluationThread>();
  readonly #size: number;
  readonly #timeoutMs: number;
  #ended = false;

  constructor(options: { size: number; timeoutMs: number }) {
    this.#size = options.size;
    this.#timeoutMs = options.timeoutMs;
  }

  get size(): number {
    return this.#threads.size;
  }

  /** Threads with something to do, and what waits behind it. */
  get tasks(): { active: number; pending: number } {
    const counts = [...this.#threads].map((thread) => thread.pending);
    const active = counts.filter((count) => count > 0).length;
    return { active, pending: counts.reduce((sum, count) => sum + count, 0) - active };
  }

  /** The thread with the fewest processes; a new one rather than a shared one. @throws AoError `UNIT.STOPPING` */
  pick(): EvaluationThread {
    if (this.#ended) throw new AoError('UNIT.STOPPING', 'The unit stops.', { action: 'retry' });
    const [least] = [...this.#threads].sort((a, b) => a.residents - b.residents);
    if (least && (least.residents === 0 || this.#threads.size >= this.#size)) return least;
    const thread = new EvaluationThread({
      timeoutMs: this.#timeoutMs,
      onEnd: () => this.#threads.delete(thread),
    });
    this.#threads.add(thread);
    return thread;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }
}
