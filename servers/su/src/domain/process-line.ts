import { setImmediate as nextTurn } from 'node:timers/promises';
import { conflict } from './errors.ts';
import type { Head, Slot } from './slot.ts';

/** Something that waits for its slot. */
export interface Entry {
  processId: string;
  /** Id of the item or transaction; the process id if the entry is the process itself. */
  itemId: string;
  /** The item as received; null to assign something already on Arweave. */
  item: Uint8Array | null;
  exclude: readonly string[];
  /** Given where a repeat of the content in other clothes must be refused. */
  contentHash?: Uint8Array;
}

export interface LineSteps {
  loadHead(): Promise<Head>;
  /** Makes and signs the slot that follows `head`; gives it and the head it makes. */
  sign(entry: Entry, head: Head): Promise<{ slot: Slot; head: Head }>;
  /** Settles once the slot is durable. */
  commit(slot: Slot, entry: Entry): Promise<void>;
  idle(): void;
}

interface Job {
  entry: Entry;
  resolve: (slot: Slot) => void;
  reject: (error: unknown) => void;
}

// A key that signs at once would otherwise keep the event loop for as long as the line is.
const SIGNED_PER_TURN = 16;

/**
 * The entries of one process, in order of arrival. Each slot's hash chain covers the signature before it, so one is
 * signed at a time; but the next is signed while the one before is being written. A slot that could not be
 * written takes those signed on top of it with it, and the line goes on from what is stored.
 */
export class ProcessLine {
  readonly #steps: LineSteps;
  readonly #jobs: Job[] = [];
  readonly #commits = new Set<Promise<void>>();
  #head: Head | undefined;
  /** Changes when a commit failed: what was signed before can not be stored any more. */
  #lineage = 0;
  #running = false;

  constructor(steps: LineSteps) {
    this.#steps = steps;
  }

  /** Entries that have no slot yet. */
  get length(): number {
    return this.#jobs.length;
  }

  /** True if the process is known to have slots; false if nobody looked yet. */
  get begun(): boolean {
    return this.#head !== undefined && this.#head.nonce >= 0;
  }

  add(entry: Entry): Promise<Slot> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ entry, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    let signed = 0;
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) {
      try {
        await this.#next(job);
      } catch (error) {
        job.reject(error);
      }
      if (++signed % SIGNED_PER_TURN === 0) await nextTurn();
    }
    this.#running = false;
    this.#leaveIfIdle();
  }

  async #next(job: Job): Promise<void> {
    const head = await this.#currentHead();
    const lineage = this.#lineage;
    const { slot, head: next } = await this.#steps.sign(job.entry, head);
    if (lineage !== this.#lineage) throw conflict(slot.processId);
    this.#head = next;
    const commit = this.#steps
      .commit(slot, job.entry)
      .then(
        () => job.resolve(slot),
        (error) => {
          this.#forgetHead(lineage);
          job.reject(error);
        },
      )
      .finally(() => {
        this.#commits.delete(commit);
        this.#leaveIfIdle();
      });
    this.#commits.add(commit);
  }

  async #currentHead(): Promise<Head> {
    if (this.#head) return this.#head;
    await Promise.all(this.#commits);
    this.#head = await this.#steps.loadHead();
    return this.#head;
  }

  #forgetHead(lineage: number): void {
    if (lineage !== this.#lineage) return;
    this.#lineage++;
    this.#head = undefined;
  }

  #leaveIfIdle(): void {
    if (!this.#running && this.#jobs.length === 0 && this.#commits.size === 0) this.#steps.idle();
  }
}
