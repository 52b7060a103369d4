import { createHash } from 'node:crypto';
import { AoError, isAoError } from '@ao-ts/core';
import type { Snapshot } from '@ao-ts/core/loader';
import type { Residence } from '../worker/evaluation-thread.ts';
import type { Outcome } from '../worker/outcome.ts';
import { snapshotChange } from '../worker/snapshot-change.ts';
import type { MemoryState } from './live-memory.ts';

/** A second instance of a process, which follows the one that evaluates the schedule. */
interface Copy {
  residence: Residence;
  /** The one it started from; none: a fresh instance. */
  snapshot: Snapshot | undefined;
  version: number;
}

export interface DryRunOptions {
  /** Brings a copy to life in a thread of its own kind. */
  open(processId: string, state: MemoryState): Promise<Residence>;
  maxQueue: number;
  maxCopies: number;
  /** How long an answer may be given again for the same question on the same state, in ms. */
  resultAgeMs: number;
  clock: () => number;
  /** Told of every evaluation, not of answers that are given again. */
  onEvaluated: (failed: boolean) => void;
}

const MAX_ANSWERS = 10_000;

/**
 * Evaluates messages that leave no trace, on copies: the process itself goes on meanwhile. A copy starts from the
 * newest snapshot and repeats what came after it.
 */
export class DryRuns {
  readonly #options: DryRunOptions;
  readonly #copies = new Map<string, Promise<Copy>>();
  readonly #answers = new Map<string, { body: Promise<string>; until: number }>();
  #queued = 0;

  constructor(options: DryRunOptions) {
    this.#options = options;
  }

  /**
   * The result of `message` on the given state of the process. `admit` is called before an evaluation, not for an answer
   * that is given again.
   * @throws AoError `DRYRUN.BUSY` if too many wait already, or what `admit` throws
   */
  run(processId: string, state: MemoryState, message: string, admit: () => void): Promise<string> {
    const { clock, resultAgeMs } = this.#options;
    const key = createHash('sha256').update(`${processId},${state.version},${message}`).digest('base64');
    const known = this.#answers.get(key);
    if (known && known.until > clock()) return known.body;
    admit();
    const body = this.#evaluate(processId, state, message).then((outcome) => {
      this.#options.onEvaluated(outcome.failed);
      return outcome.body;
    });
    this.#answers.delete(key);
    this.#answers.set(key, { body, until: clock() + resultAgeMs });
    body.catch(() => this.#answers.delete(key));
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined && this.#answers.size > MAX_ANSWERS) this.#answers.delete(oldest);
    return body;
  }

  /** Frees the copy of a process. */
  forget(processId: string): void {
    const copy = this.#copies.get(processId);
    this.#copies.delete(processId);
    copy?.then(({ residence }) => residence.close()).catch(() => {});
  }

  async #evaluate(processId: string, state: MemoryState, message: string): Promise<Outcome> {
    if (this.#queued >= this.#options.maxQueue) {
      throw new AoError('DRYRUN.BUSY', 'Dry-Run enqueue limit exceeded', { action: 'retry' });
    }
    this.#queued += 1;
    try {
      const copy = await this.#copyAt(processId, state);
      return await copy.residence.peek(message);
    } catch (error) {
      this.forget(processId);
      // The thread died of another process's message: a new copy knows nothing of that.
      if (!isAoError(error, 'EVAL.LOST')) throw error;
      return (await this.#copyAt(processId, state)).residence.peek(message);
    } finally {
      this.#queued -= 1;
    }
  }

  /** Copies are brought up to date one request after the other, so each finds the state it asked for or a later one. */
  #copyAt(processId: string, state: MemoryState): Promise<Copy> {
    const previous = this.#copies.get(processId);
    const copy = this.#follow(processId, previous, state);
    this.#copies.delete(processId);
    this.#copies.set(processId, copy);
    copy.catch(() => {
      if (this.#copies.get(processId) === copy) this.#copies.delete(processId);
    });
    const [oldest] = this.#copies.keys();
    if (oldest !== undefined && this.#copies.size > this.#options.maxCopies) this.forget(oldest);
    return copy;
  }

  async #follow(processId: string, previous: Promise<Copy> | undefined, state: MemoryState): Promise<Copy> {
    const { snapshot, journal, version } = state;
    const copy = await previous?.catch(() => undefined);
    if (copy && copy.version >= version) return copy;
    const missing = copy ? version - copy.version : Number.POSITIVE_INFINITY;
    if (copy && missing <= journal.length) {
      await applyAll(copy, journal.slice(-missing));
      return { ...copy, version };
    }
    if (copy?.snapshot && snapshot) {
      const base = { ...copy, snapshot, version: version - journal.length };
      await copy.residence.follow(base.version, snapshotChange(copy.snapshot, snapshot));
      await applyAll(base, journal);
      return { ...base, version };
    }
    copy?.residence.close();
    return { residence: await this.#options.open(processId, state), snapshot, version };
  }
}

async function applyAll({ residence, version }: Copy, messages: readonly string[]): Promise<void> {
  await Promise.all(messages.map((message, index) => residence.apply(version + index + 1, message, false)));
}
