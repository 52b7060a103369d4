import { setImmediate as nextTurn } from 'node:timers/promises';
import { conflict } from './errors.ts';
import type { Draft, Made } from './make-slots.ts';
import type { Head, Slot } from './slot.ts';

/** Something that waits for its slot. */
export interface Entry extends Draft {
  /** The item as received; null to assign something already on Arweave. */
  item: Uint8Array | null;
  /** Given where a repeat of the content in other clothes must be refused. */
  contentHash?: Uint8Array;
}

export interface LineSteps {
  loadHead(): Promise<Head>;
  /** How many slots may be signed before it is the turn of others. */
  atOnce(): number;
  /** Makes and signs the slots that follow `head`, and tells of each. */
  sign(entries: readonly Entry[], head: Head, tell: (made: Made) => void): Promise<void>;
  /** Settles once the slot is durable. */
  commit(slot: Slot, entry: Entry): Promise<void>;
  idle(): void;
}

type Signed = Exclude<Made, { error: unknown }>;

interface Job {
  entry: Entry;
  resolve: (slot: Slot) => void;
  reject: (error: unknown) => void;
}

// A key that signs at once would otherwise keep the event loop for as long as the line is.
const SIGNED_PER_TURN = 16;

/**
 * The entries of one process, in order of arrival. Each slot's hash chain covers the signature before it, so one is
 * signed after the other; but the next is signed while the one before is being written. A slot that could not be
 * written takes those with it that are signed, or being signed, on top of it, and the line goes on from what is stored.
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

  /** Entries that wait; those that are being signed do not count. */
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
    for (let signed = 0; this.#jobs.length > 0; ) {
      const jobs = this.#jobs.splice(0, this.#steps.atOnce());
      await this.#sign(jobs);
      signed += jobs.length;
      if (signed < SIGNED_PER_TURN) continue;
      signed = 0;
      await nextTurn();
    }
    this.#running = false;
    this.#leaveIfIdle();
  }

  async #sign(jobs: readonly Job[]): Promise<void> {
    const left = jobs.values();
    try {
      const head = await this.#currentHead();
      const lineage = this.#lineage;
      const entries = jobs.map(({ entry }) => entry);
      await this.#steps.sign(entries, head, (made) => {
        const { value: job } = left.next();
        if (!job) return;
        if ('error' in made) job.reject(made.error);
        else if (lineage !== this.#lineage) job.reject(conflict(job.entry.processId));
        else this.#commit(job, made, lineage);
      });
    } catch (error) {
      for (const { reject } of left) reject(error);
    }
  }

  #commit({ entry, resolve, reject }: Job, { assignment, head }: Signed, lineage: number): void {
    this.#head = head;
    const { processId, itemId, item } = entry;
    const { nonce, timestamp, assignmentId } = head;
    const slot = { processId, nonce, timestamp, assignmentId, assignment, itemId, item };
    const commit = this.#steps
      .commit(slot, entry)
      .then(
        () => resolve(slot),
        (error) => {
          this.#forgetHead(lineage);
          reject(error);
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
