import { MessageChannel, Worker } from 'node:worker_threads';
import { AoError, errorMessage } from '@ao-ts/core';
import type { Outcome } from './outcome.ts';
import {
  type Command,
  errorData,
  errorFrom,
  type FileAnswer,
  type Report,
  type ThreadData,
} from './protocol.ts';
import type { ResidentSpec } from './resident.ts';
import type { SnapshotChange } from './snapshot-change.ts';

interface Pending {
  resolve: (value: never) => void;
  reject: (error: AoError) => void;
}

/** A process that lives in a worker thread, as the main thread sees it. All methods throw what {@link EvaluationThread} throws. */
export interface Residence {
  /**
   * Evaluates and keeps; `urgent` if somebody waits for this very outcome.
   * @throws AoError `EVAL.DRIVE`, `EVAL.SUPERSEDED`, `EVAL.LOST`
   */
  apply(step: number, message: string, urgent: boolean): Promise<Outcome & { timeMs: number }>;
  /** Evaluates and forgets. */
  peek(message: string): Promise<Outcome>;
  /** Takes a snapshot if anything happened since the last one; it is reported before this resolves. */
  snapshot(): Promise<void>;
  /**
   * Goes on from a later snapshot of the same process; `change` leads to it from the one this started with or last
   * followed. Only where no snapshots are taken. @throws AoError `EVAL.LOST` if it has to be opened anew
   */
  follow(step: number, change: SnapshotChange): Promise<void>;
  /** A copy of the bytes. */
  memory(): Promise<Uint8Array>;
  /** Frees the memory. Never fails. */
  close(): void;
}

/** Gets how a new snapshot differs from the last one; `step` is the last message it holds. */
export type SnapshotListener = (step: number, change: SnapshotChange) => void;

interface Resident {
  onSnapshot?: SnapshotListener;
  /** A file of WeaveDrive as of a block; undefined if there is none. Throws `EVAL.DRIVE` if it can not be had. */
  fetchFile(path: string, blockHeight: number): Promise<Uint8Array | undefined>;
}

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
  readonly #worker: Worker;
  readonly #files = new MessageChannel();
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  readonly #finished = new Int32Array(new SharedArrayBuffer(4));
  readonly #pending: Pending[] = [];
  readonly #residents = new Map<number, Resident>();
  readonly #timeoutMs: number;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #loaded = false;
  #ended = false;
  #next = 0;
  #outbox: Command[] = [];
  /** Commands whose report is here. */
  #settled = 0;

  constructor(options: { timeoutMs: number; onEnd: () => void }) {
    this.#timeoutMs = options.timeoutMs;
    this.#onEnd = options.onEnd;
    const data: ThreadData = {
      files: this.#files.port2,
      answered: this.#answered,
      finished: this.#finished,
    };
    this.#worker = new Worker(ENTRY, { workerData: data, transferList: [this.#files.port2] });
    this.#worker.on('message', (reports: Report[]) => {
      for (const report of reports) this.#receive(report);
    });
    this.#worker.on('error', (error) => this.#end(lost(errorMessage(error))));
    this.#worker.on('exit', () => this.#end(lost('it ended')));
    this.#worker.unref();
  }

  /** Commands that wait, or are under way. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Processes that live here. */
  get residents(): number {
    return this.#residents.size;
  }

  /**
   * Brings a process to life here. `onSnapshot` gets each snapshot taken, after the outcome of that step; `fetchFile`
   * serves the files of Arweave it opens.
   */
  async open(spec: ResidentSpec, listener: Resident): Promise<Residence> {
    const resident = this.#next++;
    this.#residents.set(resident, listener);
    const close = () => {
      if (!this.#residents.delete(resident)) return;
      this.#send({ kind: 'close', resident }).catch(() => {});
    };
    try {
      await this.#send({ kind: 'open', resident, spec, snapshots: listener.onSnapshot !== undefined });
    } catch (error) {
      close();
      throw error;
    }
    return {
      apply: (step, message, urgent) => this.#send({ kind: 'apply', resident, step, message, urgent }),
      peek: (message) => this.#send({ kind: 'peek', resident, message }),
      snapshot: () => this.#send({ kind: 'snapshot', resident }),
      follow: (step, change) => this.#send({ kind: 'follow', resident, step, change }),
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
      // What comes in one turn of the event loop goes together.
      if (this.#outbox.length === 0) setImmediate(() => this.#post());
      this.#outbox.push(command);
    });
  }

  #post(): void {
    if (!this.#ended) this.#worker.postMessage(this.#outbox);
    this.#outbox = [];
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
      this.#residents.get(report.resident)?.onSnapshot?.(report.step, report.change);
      return;
    }
    if (report.kind === 'file') {
      void this.#answerFile(report);
      return;
    }
    const pending = this.#pending.shift();
    this.#settled += 1;
    if (this.#pending.length === 0) this.#unwatch();
    if (report.kind === 'done') pending?.resolve(report.value as never);
    else pending?.reject(errorFrom(report.error));
  }

  async #answerFile({ resident, path, blockHeight }: Extract<Report, { kind: 'file' }>): Promise<void> {
    let answer: FileAnswer;
    try {
      answer = { content: await this.#residents.get(resident)?.fetchFile(path, blockHeight) };
    } catch (error) {
      answer = { error: errorData(error) };
    }
    if (this.#ended) return;
    this.#timer?.refresh();
    this.#files.port1.postMessage(answer);
    Atomics.store(this.#answered, 0, 1);
    Atomics.notify(this.#answered, 0);
  }

  #watch(): void {
    this.#timer = setTimeout(() => {
      // Reports of what came before it can be stuck behind the one that does not end.
      const before = (Atomics.load(this.#finished, 0) - this.#settled) | 0;
      for (const { reject } of this.#pending.splice(0, before))
        reject(lost('a later evaluation did not end'));
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
    this.#residents.clear();
    this.#files.port1.close();
    this.#onEnd();
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}

function lost(reason: string): AoError {
  return new AoError('EVAL.LOST', `The thread of the process was lost: ${reason}.`, { action: 'retry' });
}
