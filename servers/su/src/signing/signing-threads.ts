import type { KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { notSigned } from '../domain/errors.ts';
import type { Made, SlotOrder } from '../domain/make-slots.ts';
import { type Failure, fromFailure } from '../thread-failure.ts';

interface Work {
  order: SlotOrder;
  tell(made: Made): void;
  resolve(): void;
  reject(error: unknown): void;
}

interface Thread {
  worker: Worker;
  /** What it is doing, and how many slots of it are still to come. */
  work?: Work | undefined;
  left: number;
}

type Answer = Exclude<Made, { error: unknown }> | { failure: Failure };

// Compiled code is next to compiled code; run from source, Node reads the types away.
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './signing-thread.ts' : './signing-thread.js',
  import.meta.url,
);

/**
 * Threads that sign with a slow key, one for each core, started as they are needed. A thread signs a whole order: each
 * hash chain covers the signature before it, and between two of them the event loop may have other things to do.
 */
export class SigningThreads {
  readonly #key: KeyObject;
  readonly #most = availableParallelism();
  readonly #threads = new Set<Thread>();
  readonly #waiting: Work[] = [];

  /** `key`: the `slowKey` of a signer. */
  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** @throws AoError `SCHEDULE.UNSIGNED` if the thread was lost; slots that were told of are made */
  make(order: SlotOrder, tell: Work['tell']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ order, tell, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const idle = [...this.#threads].find(({ work }) => work === undefined);
    const thread = idle ?? (this.#threads.size < this.#most ? this.#start() : undefined);
    if (!thread) return;
    thread.work = this.#waiting.shift();
    thread.left = thread.work?.order.drafts.length ?? 0;
    // A thread at work keeps the program running; an idle one does not.
    thread.worker.ref();
    thread.worker.postMessage(thread.work?.order);
  }

  #start(): Thread {
    const worker = new Worker(ENTRY, { workerData: this.#key });
    const thread: Thread = { worker, left: 0 };
    this.#threads.add(thread);
    worker.on('message', (answer: Answer) => this.#receive(thread, answer));
    worker.on('error', (error) => this.#lose(thread, error));
    worker.on('exit', () => this.#lose(thread, new Error('The signing thread ended.')));
    return thread;
  }

  #receive(thread: Thread, answer: Answer): void {
    const { work } = thread;
    thread.left -= 1;
    if (thread.left === 0) thread.work = undefined;
    work?.tell('failure' in answer ? { error: fromFailure(answer.failure) } : answer);
    if (thread.work) return;
    thread.worker.unref();
    work?.resolve();
    this.#next();
  }

  #lose(thread: Thread, cause: Error): void {
    if (!this.#threads.delete(thread)) return;
    thread.work?.reject(notSigned(cause));
    this.#next();
  }
}
