import { Worker } from 'node:worker_threads';
import { AoError, errorMessage } from '@ao-ts/core';
import type { Outcome } from './outcome.ts';
import { type Command, errorFrom, type Report } from './protocol.ts';
import type { ResidentSpec } from './resident.ts';
import type { SnapshotChange } from './snapshot-change.ts';

interface Pending {
  resolve: (value: never) => void;
  reject: (error: AoError) => void;
}

/** A process that lives in a worker thread, as the main thread sees it. All methods throw what {@link EvaluationThread} throws. */
export interface Residence {
  /** Evaluates and keeps. @throws AoError `EVAL.DRIVE`, `EVAL.SUPERSEDED`, `EVAL.LOST` */
  apply(step: number, message: string): Promise<Outcome>;
  /** Evaluates and forgets. */
  peek(message: string): Promise<Outcome>;
  /** Takes a snapshot if anything happened since the last one; it is reported before this resolves. */
  snapshot(): Promise<void>;
  /** A copy of the bytes. */
  memory(): Promise<Uint8Array>;
  /** Frees the memory. Never fails. */
  close(): void;
}

/** Gets how a new snapshot differs from the last one; `step` is the last message it holds. */
export type SnapshotListener = (step: number, change: SnapshotChange) => void;

// Compiled code is next to compiled code; run from source, Node reads the types away.
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './thread-main.ts' : './thread-main.js',
  import.meta.url,
);

/**
 * One worker thread with the processes pinned to it. Their commands are worked off in order. Pending commands of a
 * thread that dies fail with `EVAL.LOST`; of one that makes no progress for `timeoutMs`, the one under way fails with
 * `EVAL.TIMEOUT`, and the thread is ended.
 */
export class EvaluationThread {
  readonly #worker = new Worker(ENTRY);
  readonly #pending: Pending[] = [];
  readonly #snapshots = new Map<number, SnapshotListener>();
  readonly #timeoutMs: number;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #loaded = false;
  #ended = false;
  #next = 0;

  constructor(options: { timeoutMs: number; onEnd: () => void }) {
    this.#timeoutMs = options.timeoutMs;
    this.#onEnd = options.onEnd;
    this.#worker.on('message', (report: Report) => this.#receive(report));
    this.#worker.on('error', (error) => this.#end(lost(errorMessage(error))));
    this.#worker.on('exit', () => this.#end(lost('it ended')));
    this.#worker.unref();
  }

  /** Processes that live here. */
  get residents(): number {
    return this.#snapshots.size;
  }

  /** Brings a process to life here. `onSnapshot` gets each snapshot taken, after the outcome of that step. */
  async open(spec: ResidentSpec, onSnapshot: SnapshotListener = () => {}): Promise<Residence> {
    const resident = this.#next++;
    this.#snapshots.set(resident, onSnapshot);
    const close = () => {
      if (!this.#snapshots.delete(resident)) return;
      this.#send({ kind: 'close', resident }).catch(() => {});
    };
    try {
      await this.#send({ kind: 'open', resident, spec });
    } catch (error) {
      close();
      throw error;
    }
    return {
      apply: (step, message) => this.#send({ kind: 'apply', resident, step, message }),
      peek: (message) => this.#send({ kind: 'peek', resident, message }),
      snapshot: () => this.#send({ kind: 'snapshot', resident }),
      memory: () => this.#send({ kind: 'memory', resident }),
      close,
    };
  }

  async end(): Promise<void> {
    this.#end(lost('the unit stops'));
    await this.#worker.terminate();
  }

  #send<T>(command: Command): Promise<T> {
    if (this.#ended) return Promise.reject(lost('it ended before'));
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      // A worker at work keeps the program running; an idle one does not.
      this.#worker.ref();
      if (this.#pending.length === 1 && this.#loaded) this.#watch();
      this.#worker.postMessage(command);
    });
  }

  #receive(report: Report): void {
    if (this.#ended) return;
    this.#timer?.refresh();
    if (report.kind === 'alive') {
      if (!this.#loaded && this.#pending.length > 0) this.#watch();
      this.#loaded = true;
      return;
    }
    if (report.kind === 'snapshot') {
      this.#snapshots.get(report.resident)?.(report.step, report.change);
      return;
    }
    const pending = this.#pending.shift();
    if (this.#pending.length === 0) this.#unwatch();
    if (report.kind === 'done') pending?.resolve(report.value as never);
    else pending?.reject(errorFrom(report.error));
  }

  #watch(): void {
    this.#timer = setTimeout(() => {
      this.#pending
        .shift()
        ?.reject(
          new AoError(
            'EVAL.TIMEOUT',
            `The evaluation made no progress for ${this.#timeoutMs} ms and was stopped; nothing was stored.`,
            { action: 'retry', facts: { timeoutMs: this.#timeoutMs } },
          ),
        );
      void this.end();
    }, this.#timeoutMs);
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#worker.unref();
  }

  #end(error: AoError): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#snapshots.clear();
    this.#onEnd();
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}

function lost(reason: string): AoError {
  return new AoError('EVAL.LOST', `The thread of the process was lost: ${reason}.`, { action: 'retry' });
}
