import { AoError, errorMessage, isAoError } from '@ao-ts/core';
import {
  type CompiledModule,
  type Instance,
  instantiate,
  SNAPSHOT_PAGE,
  type Snapshot,
} from '@ao-ts/core/loader';
import { failure, type Outcome, readOutcome } from './outcome.ts';
import type { RemoteDrive } from './remote-drive.ts';
import { type SnapshotChange, shareSnapshot, snapshotChange } from './snapshot-change.ts';
import { SnapshotPolicy } from './snapshot-policy.ts';

/** Everything needed to bring a process to life in a thread. */
export interface ResidentSpec {
  compiled: CompiledModule;
  /** Bytes. */
  memoryLimit: number;
  /** Gas per message. */
  computeLimit: number;
  /** Whether it may read Arweave through WeaveDrive. */
  drive: boolean;
  /** The second argument of `handle`: JSON text. */
  environment: string;
  /** Without one, the module starts fresh. */
  snapshot: Snapshot | undefined;
  /** Messages kept since the snapshot, in order. */
  journal: readonly string[];
  /** Number of the last message applied, counted by whoever sends them. */
  step: number;
}

export interface ResidentEvents {
  /** Called while a long piece of work goes on. */
  alive(): void;
  /** A snapshot was taken after that step. */
  snapshot(step: number, change: SnapshotChange): void;
}

const MOSTLY_ZERO = 4;

/**
 * A process that lives in this thread: one instance that evaluates message after message in place.
 * Correctness rule: after each message the memory is, byte for byte, what restoring the memory before it into a
 * fresh instance and calling `handle` once would have given. A message that fails leaves no trace: the last snapshot
 * is restored and what came after it is repeated.
 */
export class Resident {
  readonly #spec: ResidentSpec;
  readonly #events: ResidentEvents;
  readonly #policy: SnapshotPolicy;
  readonly #drive: RemoteDrive | undefined;
  #instance: Instance;
  #snapshot: Snapshot | undefined;
  /** Of a new instance, to know what has to be overwritten in one. */
  #booted: Snapshot | undefined;
  #journal: string[];
  #step: number;
  /** The memory holds the traces of a message that must leave none. */
  #stained = false;

  /** `drive` serves Arweave to processes that may read it. */
  constructor(spec: ResidentSpec, events: ResidentEvents, drive?: RemoteDrive) {
    this.#drive = spec.drive ? drive : undefined;
    this.#spec = spec;
    this.#events = events;
    this.#snapshot = spec.snapshot;
    this.#journal = [...spec.journal];
    this.#step = spec.step;
    this.#instance = this.#fresh();
    this.#policy = new SnapshotPolicy(this.#instance.memory.buffer.byteLength);
    const started = performance.now();
    if (this.#snapshot) this.#booted = this.#instance.snapshot();
    this.#rebuild(this.#booted);
    const characters = this.#journal.reduce((sum, message) => sum + message.length, 0);
    this.#policy.kept(performance.now() - started, characters);
  }

  /**
   * Evaluates the message and keeps what it did to the memory, unless it failed. Call {@link tidy} afterwards.
   * @throws AoError `EVAL.SUPERSEDED` if an earlier message is missing, `EVAL.DRIVE` if Arweave could not be read
   */
  apply(step: number, message: string): Outcome & { timeMs: number } {
    if (step !== this.#step + 1) {
      throw new AoError('EVAL.SUPERSEDED', `Message ${step} can not follow message ${this.#step}.`, {
        action: 'retry',
      });
    }
    this.tidy();
    const started = performance.now();
    const outcome = this.#evaluate(message);
    const timeMs = performance.now() - started;
    this.#step = step;
    if (outcome.kept) {
      this.#journal.push(message);
      this.#policy.kept(timeMs, message.length);
      // Rolling back repeats messages; one that read Arweave is not to do so again.
      if (this.#drive?.used) this.#policy.force();
    } else this.#stained = true;
    return { ...outcome, timeMs };
  }

  /** Evaluates the message and forgets what it did to the memory. Call {@link tidy} afterwards. */
  peek(message: string): Outcome {
    this.tidy();
    this.#stained = true;
    return this.#evaluate(message);
  }

  /** Rolls back, or takes a snapshot, where one is due. Apart from the evaluation, so that its result need not wait. */
  tidy(): void {
    if (this.#stained) this.#rollBack();
    if (this.#policy.due) this.#takeSnapshot();
  }

  /** Takes a snapshot if anything happened since the last one. */
  snapshot(): void {
    this.tidy();
    if (this.#journal.length > 0) this.#takeSnapshot();
  }

  /** A copy of the memory. */
  memory(): Uint8Array {
    this.tidy();
    return new Uint8Array(this.#instance.memory.buffer.slice(0));
  }

  #evaluate(message: string): Outcome {
    this.#drive?.begin(message);
    try {
      return readOutcome(this.#instance.handle(message, this.#spec.environment), this.#instance.gasUsed);
    } catch (error) {
      this.#stained = true;
      if (isAoError(error, 'EVAL.DRIVE')) throw error;
      return failure(error instanceof AoError ? error : errorMessage(error));
    }
  }

  #fresh(): Instance {
    const { compiled, memoryLimit, computeLimit } = this.#spec;
    const drive = this.#drive;
    return instantiate(compiled, { memoryLimit, computeLimit, ...(drive ? { drive } : {}) });
  }

  #rollBack(): void {
    this.#policy.rolledBack();
    if (this.#canGoBack) this.#rebuild();
    else {
      this.#instance = this.#fresh();
      this.#booted ??= this.#instance.snapshot();
      this.#rebuild(this.#booted);
    }
    this.#stained = false;
  }

  /**
   * Whether the instance itself is set back. A memory never shrinks, and a failed instance is half-way through a
   * message: then a new one is needed. It is also the faster way for a memory that is mostly zero.
   */
  get #canGoBack(): boolean {
    if (!this.#snapshot || this.#instance.poisoned) return false;
    const { byteLength, pages } = this.#snapshot;
    if (this.#instance.memory.buffer.byteLength > byteLength) return false;
    return pages.size * SNAPSHOT_PAGE * MOSTLY_ZERO > byteLength;
  }

  /** `booted` says what is in an instance that has taken no message yet. */
  #rebuild(booted?: Snapshot): void {
    if (this.#snapshot) this.#instance.restore(this.#snapshot, booted);
    for (const message of this.#journal) {
      this.#events.alive();
      this.#drive?.begin(message);
      if (readOutcome(this.#instance.handle(message, this.#spec.environment), 0).kept) continue;
      throw new AoError('EVAL.DIVERGED', 'A message that succeeded failed when it was repeated.', {
        action: 'retry',
      });
    }
  }

  #takeSnapshot(): void {
    const started = performance.now();
    const before = this.#snapshot;
    this.#snapshot = shareSnapshot(this.#instance.snapshot(before));
    this.#journal = [];
    this.#policy.taken(performance.now() - started);
    this.#events.snapshot(this.#step, snapshotChange(before, this.#snapshot));
  }
}
