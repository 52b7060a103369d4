import { AoError, errorMessage, isAoError } from '@ao-ts/core';
import { type CompiledModule, type Instance, instantiate, type Snapshot } from '@ao-ts/core/loader';
import { KeptMemory } from './kept-memory.ts';
import { failure, type Outcome, readOutcome } from './outcome.ts';
import type { RemoteDrive } from './remote-drive.ts';
import { type SnapshotChange, shareSnapshot, snapshotChange } from './snapshot-change.ts';
import { SnapshotPolicy } from './snapshot-policy.ts';

/** Everything needed to bring a process to life in a thread. */
export interface ResidentSpec {
  moduleId: string;
  /** With marked writes. */
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

export interface ResidentPorts {
  /** Called while a long piece of work goes on. */
  alive(): void;
  /** A snapshot was taken after that step. Without this, none are taken. */
  snapshot?(step: number, change: SnapshotChange): void;
  /** Serves Arweave to processes that may read it. */
  drive?: RemoteDrive;
  /** What instances of a module hold before their first message, by module and limit. */
  booted: Map<string, Snapshot>;
}

/**
 * A process that lives in this thread: one instance that evaluates message after message in place.
 * Correctness rule: after each message the memory is, byte for byte, what restoring the memory before it into a
 * fresh instance and calling `handle` once would have given. A message that fails leaves no trace: the pages it wrote
 * to are put back.
 */
export class Resident {
  readonly #spec: ResidentSpec;
  readonly #ports: ResidentPorts;
  readonly #drive: RemoteDrive | undefined;
  readonly #policy = new SnapshotPolicy();
  #instance: Instance;
  #kept: KeptMemory;
  /** What the last snapshot handed out was; none: a fresh instance. */
  #announced: Snapshot | undefined;
  #step: number;
  /** The memory holds what this message did, and it is not kept yet. */
  #unkept: { timeMs: number; characters: number } | undefined;
  /** The memory holds the traces of a message that must leave none. */
  #stained = false;

  constructor(spec: ResidentSpec, ports: ResidentPorts) {
    this.#spec = spec;
    this.#ports = ports;
    this.#drive = spec.drive ? ports.drive : undefined;
    this.#step = spec.step;
    this.#announced = spec.snapshot;
    this.#instance = this.#fresh();
    const booted = this.#bootedSnapshot();
    if (spec.snapshot) this.#instance.restore(spec.snapshot, booted);
    this.#kept = new KeptMemory(spec.snapshot ?? booted);
    for (const message of spec.journal) this.#repeat(message);
  }

  /**
   * Evaluates the message; what it did to the memory is kept, unless it failed. Call {@link tidy} afterwards.
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
    if (outcome.kept) this.#unkept = { timeMs, characters: message.length };
    else this.#stained = true;
    return { ...outcome, timeMs };
  }

  /** Evaluates the message and forgets what it did to the memory. Call {@link tidy} afterwards. */
  peek(message: string): Outcome {
    this.tidy();
    this.#stained = true;
    return this.#evaluate(message);
  }

  /**
   * Keeps what the last message did, or takes it back, and takes a snapshot where it is due. Apart from the
   * evaluation, so that its result need not wait.
   */
  tidy(): void {
    if (this.#unkept) this.#keep(this.#unkept.timeMs, this.#unkept.characters);
    this.#unkept = undefined;
    if (this.#stained) this.#instance = this.#kept.putBack(this.#instance, () => this.#fresh());
    this.#stained = false;
    if (this.#policy.due) this.#takeSnapshot();
  }

  /** Takes a snapshot if anything happened since the last one. */
  snapshot(): void {
    this.tidy();
    if (this.#policy.pending) this.#takeSnapshot();
  }

  /** Goes on from a later snapshot of the same process, which `change` leads to from the one it started with. */
  follow(step: number, change: SnapshotChange): void {
    this.tidy();
    if (!this.#kept.follow(this.#instance, change)) {
      throw new AoError('EVAL.LOST', 'The memory of the copy is larger than that of the process.', {
        action: 'retry',
      });
    }
    this.#step = step;
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

  #keep(timeMs: number, characters: number): void {
    this.#kept.keep(this.#instance);
    this.#policy.kept(timeMs, characters);
    // A thread that is lost means that messages are repeated; one that read Arweave is not to do so again.
    if (this.#drive?.used) this.#policy.force();
  }

  #repeat(message: string): void {
    this.#ports.alive();
    const started = performance.now();
    if (!this.#evaluate(message).kept) {
      throw new AoError('EVAL.DIVERGED', 'A message that succeeded failed when it was repeated.', {
        action: 'retry',
      });
    }
    this.#keep(performance.now() - started, message.length);
  }

  #fresh(): Instance {
    const { compiled, memoryLimit, computeLimit } = this.#spec;
    const drive = this.#drive;
    return instantiate(compiled, { memoryLimit, computeLimit, ...(drive ? { drive } : {}) });
  }

  /** What a new instance holds: always the same, so it is looked at once. */
  #bootedSnapshot(): Snapshot {
    const { booted } = this.#ports;
    const key = `${this.#spec.moduleId},${this.#spec.memoryLimit}`;
    const known = booted.get(key);
    if (known) return known;
    const snapshot = shareSnapshot(this.#instance.snapshot());
    booted.set(key, snapshot);
    const [oldest] = booted.keys();
    if (oldest !== undefined && booted.size > MAX_BOOTED) booted.delete(oldest);
    return snapshot;
  }

  #takeSnapshot(): void {
    if (!this.#ports.snapshot) return;
    const started = performance.now();
    this.#kept.takeSnapshot();
    const change = snapshotChange(this.#announced, this.#kept.snapshot);
    this.#announced = this.#kept.snapshot;
    this.#policy.taken(performance.now() - started);
    this.#ports.snapshot(this.#step, change);
  }
}

const MAX_BOOTED = 32;
