import { AoError, isAoError } from '@ao-ts/core';
import { tagValues } from '@ao-ts/core/ans104';
import type { Snapshot } from '@ao-ts/core/loader';
import type { Residence } from '../worker/evaluation-thread.ts';
import { EMPTY_RESULT, type Outcome } from '../worker/outcome.ts';
import { checkChain } from './chain.ts';
import { contentDigest } from './duplicates.ts';
import { type AssignedTransaction, assignedText, scheduledText, spawnText } from './message.ts';
import type { Process } from './process.ts';
import type { Evaluation, ResultStore } from './result-store.ts';
import type { ScheduleFeed } from './schedule-feed.ts';
import { Signal } from './signal.ts';
import { type Point, pointOf, type Slot } from './slot.ts';

/** Where a memory comes from: a snapshot (none: a fresh instance) and the messages kept since. */
export interface MemoryState {
  snapshot: Snapshot | undefined;
  journal: readonly string[];
  /** How many messages it has kept in all. */
  version: number;
}

export interface EvaluatorPorts {
  feed: ScheduleFeed;
  results: ResultStore;
  /** Brings the process to life in a worker thread. */
  open(
    state: MemoryState,
    step: number,
    onSnapshot: (step: number, snapshot: Snapshot) => void,
  ): Promise<Residence>;
  /** Something on Arweave, without the excluded fields. */
  transaction(id: string, exclude: readonly string[]): Promise<AssignedTransaction>;
  /** The data of the process item as text; only asked for old processes. */
  spawnData(): Promise<string>;
  /** A repeated evaluation gave something else than what is stored. */
  onMismatch(evaluation: Evaluation): void;
}

interface Waiter {
  resolve: (body: string) => void;
  reject: (error: unknown) => void;
}

const MAX_IN_FLIGHT = 64;
const MAX_ATTEMPTS = 3;
/** After these the process no longer lives where it did. */
const LOSSES = new Set(['EVAL.LOST', 'EVAL.TIMEOUT', 'EVAL.DIVERGED', 'EVAL.INTERNAL']);

/**
 * Evaluates the schedule of one process in order, once: one resident instance, one queue with a target that only
 * grows. Each result is stored before those who wait for it get it. What is not a result (the scheduler is away, a
 * worker died, a broken hash chain) fails the requests that need it, and is tried again with the next one.
 */
export class Evaluator {
  readonly process: Process;
  readonly #ports: EvaluatorPorts;
  readonly #waiters = new Map<number, Waiter[]>();
  /** Evaluated, but not yet stored. */
  readonly #unsaved = new Map<number, Evaluation>();
  /** Ids and digests of what is on its way to the store, by the nonce that came first. */
  readonly #pendingKeys = new Map<string, number>();
  readonly #signal = new Signal();
  #residence: Promise<Residence> | undefined;
  #snapshot: Snapshot | undefined;
  /** Messages kept since the snapshot. */
  #journal: string[] = [];
  #version = 0;
  /** The last slot given to the resident instance. */
  #head: Point | undefined;
  #headStep = 0;
  /** The last slot it has answered: where the memory stands. */
  #applied: Point | undefined;
  #appliedStep = 0;
  #slots: Slot[] = [];
  #target = -1;
  #inFlight = 0;
  /** Settles outcomes in the order of the schedule. */
  #tail: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  #attempts = 0;
  #running: Promise<void> | undefined;
  #closed = false;
  /** Up to here results may be in the store already. */
  #storedUpTo: number | undefined;

  constructor(process: Process, ports: EvaluatorPorts) {
    this.process = process;
    this.#ports = ports;
  }

  /** The last slot whose evaluation is in the memory. */
  get position(): Point | undefined {
    return this.#applied;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** What a copy of the process starts from. */
  get memoryState(): MemoryState {
    return { snapshot: this.#snapshot, journal: [...this.#journal], version: this.#version };
  }

  /** Hands in a slot seen elsewhere, so that it need not be fetched. */
  offer(slot: Slot): void {
    this.#ports.feed.offer(slot);
  }

  /**
   * The result of the message with that nonce, evaluated if need be.
   * @throws AoError `EVAL.EARLIER` if the memory is beyond it and its result is not stored, `SCHEDULE.NOT_FOUND`, …
   */
  async result(nonce: number): Promise<string> {
    if (nonce > nonceOf(this.#head) || this.#unsaved.has(nonce)) return this.#wait(nonce);
    if (nonce > nonceOf(this.#applied)) return this.#wait(nonce);
    const stored = await this.#ports.results.at(this.process.id, nonce);
    if (stored) return stored.body;
    throw earlier(nonce, nonceOf(this.#applied));
  }

  /** Evaluates up to that nonce. The memory may already be beyond it. */
  async reach(nonce: number): Promise<void> {
    if (nonce > nonceOf(this.#applied)) await this.#wait(nonce);
  }

  /** A copy of the memory, and where it stands. */
  async memory(): Promise<{ memory: Uint8Array; at: Point | undefined }> {
    const residence = await this.#wake();
    // Commands are worked off in order: what is under way now will be in the copy.
    const at = this.#head;
    return { memory: await residence.memory(), at };
  }

  /** Finishes the message under way, fails what waits, frees the memory. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#signal.notify();
    await this.#running;
    this.#dropResidence();
  }

  #wait(nonce: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(nonce);
      if (waiters) waiters.push({ resolve, reject });
      else this.#waiters.set(nonce, [{ resolve, reject }]);
      this.#target = Math.max(this.#target, nonce);
      this.#signal.notify();
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#failure) {
        if (this.#inFlight > 0) await this.#signal.changed();
        else this.#recover(this.#failure.error);
      } else if (this.#closed) {
        if (this.#inFlight === 0) break;
        await this.#signal.changed();
      } else if (this.#inFlight < MAX_IN_FLIGHT && this.#wanted) {
        await this.#proceed().catch((error: unknown) => this.#fail(error));
      } else if (this.#inFlight > 0) await this.#signal.changed();
      else break;
    }
    this.#running = undefined;
    if (this.#closed)
      this.#rejectWaiters(new AoError('UNIT.STOPPING', 'The unit stops.', { action: 'retry' }));
  }

  get #wanted(): boolean {
    return this.#target > nonceOf(this.#head) || (this.#inFlight === 0 && this.#unsaved.size > 0);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#signal.notify();
  }

  /** Everything has settled: go back to where the memory is, and try again or give up. */
  #recover(error: unknown): void {
    this.#failure = undefined;
    this.#tail = Promise.resolve();
    this.#slots = [];
    this.#head = this.#applied;
    this.#headStep = this.#appliedStep;
    for (const [key, nonce] of this.#pendingKeys) {
      if (nonce > nonceOf(this.#applied)) this.#pendingKeys.delete(key);
    }
    if (isAoError(error) && LOSSES.has(error.code)) this.#dropResidence();
    if (isAoError(error, 'EVAL.DIVERGED')) this.#forget();
    if (isAoError(error, 'EVAL.LOST') && ++this.#attempts < MAX_ATTEMPTS) return;
    this.#attempts = 0;
    this.#target = nonceOf(this.#applied);
    this.#rejectWaiters(error);
  }

  #rejectWaiters(error: unknown): void {
    for (const [nonce, waiters] of this.#waiters) {
      this.#waiters.delete(nonce);
      for (const { reject } of waiters) reject(error);
    }
  }

  #dropResidence(): void {
    this.#residence?.then((residence) => residence.close()).catch(() => {});
    this.#residence = undefined;
  }

  /** The memory can not be rebuilt from what is at hand: begin from nothing. */
  #forget(): void {
    this.#snapshot = undefined;
    this.#journal = [];
    this.#version = 0;
    this.#head = this.#applied = undefined;
    this.#storedUpTo = undefined;
  }

  #wake(): Promise<Residence> {
    if (this.#residence) return this.#residence;
    const opening = this.#ports.open(this.memoryState, this.#appliedStep, (step, snapshot) => {
      // The outcome of that step has been received just before: the journal ends with it.
      if (step !== this.#appliedStep) return;
      this.#snapshot = snapshot;
      this.#journal = [];
    });
    this.#residence = opening;
    opening.catch(() => {
      if (this.#residence === opening) this.#residence = undefined;
    });
    return opening;
  }

  /** Gives the next slot to the resident instance. */
  async #proceed(): Promise<void> {
    this.#storedUpTo ??= (await this.#ports.results.newestNonce(this.process.id)) ?? -1;
    if (this.#inFlight === 0) for (const evaluation of this.#unsaved.values()) await this.#save(evaluation);
    if (this.#target <= nonceOf(this.#head)) return;
    const residence = await this.#wake();
    if (this.#slots.length === 0)
      this.#slots = await this.#ports.feed.next(nonceOf(this.#head), this.#target);
    const slot = this.#slots[0];
    if (!slot) throw notScheduled(this.process.id, nonceOf(this.#head) + 1);
    if (!this.#head && !startsWithProcess(slot)) {
      await this.#applySpawn(residence);
      return;
    }
    checkChain(
      slot,
      this.#head && this.#head.nonce >= 0 ? this.#head : undefined,
      this.process.origin.blockHeight,
    );
    const digest = contentDigest(slot);
    const message = (await this.#isDuplicate(slot, digest)) ? undefined : await this.#text(slot);
    this.#slots.shift();
    this.#submit(residence, slot, message, digest ?? null);
  }

  #submit(residence: Residence, slot: Slot, message: string | undefined, digest: string | null): void {
    this.#head = pointOf(slot);
    const step = message === undefined ? this.#headStep : ++this.#headStep;
    const outcome = message === undefined ? undefined : residence.apply(step, message);
    if (message !== undefined) this.#rememberKeys(slot, digest);
    this.#track(outcome, (result) => {
      this.#applied = pointOf(slot);
      this.#appliedStep = step;
      if (result?.kept && message !== undefined) this.#keep(message);
      return this.#save(evaluationOf(slot, digest, result));
    });
  }

  /** Old processes have no slot of their own; what their spawn gives is not stored. */
  async #applySpawn(residence: Residence): Promise<void> {
    const { origin } = this.process;
    const message = spawnText(this.process, await this.#ports.spawnData());
    const point: Point = { nonce: -1, ...origin, epoch: 0, assignmentId: '', hashChain: '' };
    const step = ++this.#headStep;
    this.#head = point;
    this.#track(residence.apply(step, message), async (result) => {
      this.#applied = point;
      this.#appliedStep = step;
      if (result?.kept) this.#keep(message);
    });
  }

  #keep(message: string): void {
    this.#journal.push(message);
    this.#version += 1;
  }

  /** Settles after everything submitted earlier has; `settle` runs as soon as the outcome is there. */
  #track(
    outcome: Promise<Outcome> | undefined,
    settle: (outcome: Outcome | undefined) => Promise<void>,
  ): void {
    this.#inFlight += 1;
    let saved: Promise<void> | undefined;
    const settled = Promise.all([outcome, this.#tail]).then(([result]) => {
      this.#attempts = 0;
      saved = settle(result);
    });
    this.#tail = settled;
    void settled
      .then(() => saved)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#inFlight -= 1;
        this.#signal.notify();
      });
  }

  async #save(evaluation: Evaluation): Promise<void> {
    const { nonce, body } = evaluation;
    this.#unsaved.set(nonce, evaluation);
    const stored =
      nonce <= (this.#storedUpTo ?? -1) ? await this.#ports.results.at(this.process.id, nonce) : undefined;
    if (stored && stored.body !== body) this.#ports.onMismatch(evaluation);
    if (!stored) await this.#ports.results.save(evaluation);
    this.#unsaved.delete(nonce);
    this.#forgetKeys(evaluation);
    const waiters = this.#waiters.get(nonce);
    this.#waiters.delete(nonce);
    for (const { resolve } of waiters ?? []) resolve(stored?.body ?? body);
  }

  async #isDuplicate(slot: Slot, digest: string | undefined): Promise<boolean> {
    if (slot.message && digest === undefined) return false;
    const key = digest ?? slot.messageId;
    const pending = this.#pendingKeys.get(key);
    if (pending !== undefined && pending < slot.nonce) return true;
    const known = digest === undefined ? { messageId: slot.messageId } : { digest };
    return this.#ports.results.evaluatedBefore(this.process.id, known, slot.nonce);
  }

  #rememberKeys(slot: Slot, digest: string | null): void {
    for (const key of [slot.messageId, digest]) {
      if (key !== null && !this.#pendingKeys.has(key)) this.#pendingKeys.set(key, slot.nonce);
    }
  }

  #forgetKeys({ messageId, digest, nonce }: Evaluation): void {
    for (const key of [messageId, digest]) {
      if (key !== null && this.#pendingKeys.get(key) === nonce) this.#pendingKeys.delete(key);
    }
  }

  async #text(slot: Slot): Promise<string> {
    const { message } = slot;
    if (message) return scheduledText({ ...slot, message });
    return assignedText(slot, await this.#ports.transaction(slot.messageId, slot.exclude));
  }
}

function nonceOf(point: Point | undefined): number {
  return point?.nonce ?? -1;
}

function startsWithProcess(slot: Slot): boolean {
  return slot.message !== null && tagValues(slot.message.tags, 'Type').includes('Process');
}

function evaluationOf(slot: Slot, digest: string | null, outcome: Outcome | undefined): Evaluation {
  const { processId, nonce, timestamp, blockHeight, messageId, assignmentId } = slot;
  return {
    ...{ processId, nonce, timestamp, blockHeight, messageId, assignmentId, digest },
    cron: null,
    status: outcome === undefined ? 'duplicate' : outcome.failed ? 'failed' : 'ok',
    body: outcome?.body ?? EMPTY_RESULT,
  };
}

function earlier(nonce: number, latest: number): AoError {
  return new AoError(
    'EVAL.EARLIER',
    `message at nonce ${nonce} not found cached, and earlier than latest known nonce ${latest}`,
    { action: 'never', facts: { nonce, latest } },
  );
}

function notScheduled(processId: string, nonce: number): AoError {
  return new AoError(
    'SCHEDULE.NOT_FOUND',
    `The schedule of process ${processId} has no message with nonce ${nonce} yet.`,
    {
      action: 'fix',
      facts: { processId, nonce },
    },
  );
}
