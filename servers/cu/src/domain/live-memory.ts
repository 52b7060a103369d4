import { SNAPSHOT_PAGE, type Snapshot } from '@ao-ts/core/loader';
import type { Residence, SnapshotListener } from '../worker/evaluation-thread.ts';
import type { Outcome } from '../worker/outcome.ts';
import { applyChange, type SnapshotChange } from '../worker/snapshot-change.ts';

/** Where a memory comes from: a snapshot (none: a fresh instance) and the messages kept since. */
export interface MemoryState {
  snapshot: Snapshot | undefined;
  journal: readonly string[];
  /** How many messages it has kept in all. */
  version: number;
}

/** Brings a process to life in a worker thread; `step` numbers the last message applied. */
export type OpenResidence = (
  state: MemoryState,
  step: number,
  onSnapshot: SnapshotListener,
) => Promise<Residence>;

const FOOTPRINT_WITHOUT_SNAPSHOT = 2 * 1024 * 1024;

/**
 * The memory of a process as the main thread knows it: the instance in a worker, and all that is needed to make
 * another one like it. A worker that is lost takes nothing with it.
 */
export class LiveMemory {
  readonly #open: OpenResidence;
  readonly #onSnapshot: (snapshot: Snapshot) => void;
  #residence: Promise<Residence> | undefined;
  #snapshot: Snapshot | undefined;
  #journal: string[] = [];
  #version = 0;
  /** Of the last message given to the instance, and of the last one it has answered. */
  #givenStep = 0;
  #appliedStep = 0;

  constructor(options: {
    open: OpenResidence;
    /** Where to begin, if not with a fresh instance. */
    snapshot: Snapshot | undefined;
    onSnapshot: (snapshot: Snapshot) => void;
  }) {
    this.#open = options.open;
    this.#snapshot = options.snapshot;
    this.#onSnapshot = options.onSnapshot;
  }

  /** The memory after the last message that was answered. */
  get state(): MemoryState {
    return { snapshot: this.#snapshot, journal: [...this.#journal], version: this.#version };
  }

  /** About how many bytes it takes: pages that are not zero, in the instance, what it keeps of it, and the snapshot. */
  get footprint(): number {
    return this.#snapshot ? 3 * this.#snapshot.pages.size * SNAPSHOT_PAGE : FOOTPRINT_WITHOUT_SNAPSHOT;
  }

  /** Brings the process to life, if it is not. */
  wake(): Promise<Residence> {
    if (this.#residence) return this.#residence;
    const opening = this.#open(this.state, this.#appliedStep, (step, change) => this.#shorten(step, change));
    this.#residence = opening;
    opening.catch(() => {
      if (this.#residence === opening) this.#residence = undefined;
    });
    return opening;
  }

  /** Evaluates a message. Several may be on their way; they are answered in order, each soon if it is urgent. */
  async apply(message: string, urgent: boolean): Promise<Outcome & { timeMs: number }> {
    const step = ++this.#givenStep;
    const residence = await this.wake();
    const outcome = await residence.apply(step, message, urgent);
    this.#appliedStep = step;
    if (outcome.kept) {
      this.#journal.push(message);
      this.#version += 1;
    }
    return outcome;
  }

  /** Has a snapshot taken, if anything happened since the last one. */
  async snapshot(): Promise<void> {
    if (this.#residence) await (await this.#residence).snapshot();
  }

  /** A copy of the bytes, with all messages given so far. */
  async copy(): Promise<Uint8Array> {
    return (await this.wake()).memory();
  }

  /** After a failure, when nothing is on its way any more: goes on after the last message that was answered. */
  resume(): void {
    this.#givenStep = this.#appliedStep;
  }

  /** Gives the instance up; the next message brings another one to life. */
  drop(): void {
    this.#residence?.then((residence) => residence.close()).catch(() => {});
    this.#residence = undefined;
  }

  /** Gives everything up: the memory is that of a fresh instance again. */
  forget(): void {
    this.drop();
    this.#snapshot = undefined;
    this.#journal = [];
    this.#version = 0;
  }

  #shorten(step: number, change: SnapshotChange): void {
    // The answer to that step came just before it, so the journal ends there.
    if (step !== this.#appliedStep) {
      this.drop();
      return;
    }
    this.#snapshot = applyChange(this.#snapshot, change);
    this.#journal = [];
    this.#onSnapshot(this.#snapshot);
  }
}
