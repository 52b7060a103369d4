import { AoError, isAoError } from '@ao-ts/core';
import { tagValues } from '@ao-ts/core/ans104';
import { EMPTY_RESULT, type Outcome } from '../worker/outcome.ts';
import { checkChain } from './chain.ts';
import { contentDigest, Duplicates } from './duplicates.ts';
import { LiveMemory, type MemoryState, type OpenResidence } from './live-memory.ts';
import { type AssignedTransaction, assignedText, scheduledText, spawnText } from './message.ts';
import type { Process } from './process.ts';
import type { Evaluation, ResultStore } from './result-store.ts';
import { ResultWriter } from './result-writer.ts';
import type { ScheduleFeed } from './schedule-feed.ts';
import { Signal } from './signal.ts';
import { type Point, pointOf, type Slot } from './slot.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import type { StoredSnapshot } from './snapshot-store.ts';

export interface EvaluatorPorts {
  feed: ScheduleFeed;
  results: ResultStore;
  open: OpenResidence;
  snapshots: SnapshotKeeper;
  /** Something on Arweave, without the excluded fields. */
  transaction(id: string, exclude: readonly string[]): Promise<AssignedTransaction>;
  /** The data of the process item as text; only asked for old processes. */
  spawnData(): Promise<string>;
  clock: () => number;
  /** A request further ahead of a running evaluation is refused; 0: none is. */
  hydrationLimit: number;
  /** A repeated evaluation gave something else than what is stored. */
  onMismatch(evaluation: Evaluation): void;
}

interface Waiter {
  resolve: (body: string) => void;
  reject: (error: unknown) => void;
}

const MAX_IN_FLIGHT = 64;
const MAX_UNSAVED = 1024;
const MAX_ATTEMPTS = 3;
/** After these the process no longer lives where it did. */
const LOST = new Set(['EVAL.LOST', 'EVAL.SUPERSEDED', 'EVAL.TIMEOUT', 'EVAL.INTERNAL']);
/** After these its memory can not be rebuilt from what is at hand. */
const RUINED = new Set(['EVAL.DIVERGED', 'LOADER.RESTORE']);

/**
 * Evaluates the schedule of one process in order, once: one resident instance, one queue with a target that only
 * grows. Each result is stored before those who wait for it get it. What is not a result (the scheduler is away, a
 * worker died, a broken hash chain) fails the requests that need it, and is tried again with the next one.
 */
export class Evaluator {
  readonly process: Process;
  readonly #ports: EvaluatorPorts;
  readonly #memory: LiveMemory;
  readonly #writer: ResultWriter;
  readonly #duplicates: Duplicates;
  readonly #waiters = new Map<number, Waiter[]>();
  readonly #signal = new Signal();
  /** The last slot given to the instance. */
  #head: Point | undefined;
  /** The last slot it has answered: where the memory stands. */
  #applied: Point | undefined;
  /** Fetched, but not yet given to the instance. */
  #slots: Slot[] = [];
  #target = -1;
  #inFlight = 0;
  /** Settles outcomes in the order of the schedule. */
  #tail: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  #attempts = 0;
  /** Results could not be stored; the next request tries again. */
  #stalled = false;
  /** A message that was stopped, and until when it is not tried again. */
  #endless: { nonce: number; error: AoError; until: number } | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  /** `start` is where to begin, if not with the spawn. */
  constructor(process: Process, ports: EvaluatorPorts, start?: StoredSnapshot) {
    this.process = process;
    this.#ports = ports;
    this.#head = this.#applied = start?.point;
    this.#memory = new LiveMemory({
      open: ports.open,
      snapshot: start?.snapshot,
      onSnapshot: (snapshot) => {
        if (this.#applied) ports.snapshots.offer(snapshot, this.#applied);
      },
    });
    this.#duplicates = new Duplicates(ports.results);
    this.#writer = new ResultWriter({
      processId: process.id,
      results: ports.results,
      onStored: ({ nonce }, body) => this.#announce(nonce, body),
      onFailure: (error) => {
        this.#stalled = true;
        this.#fail(error);
      },
      onMismatch: ports.onMismatch,
    });
  }

  /** The last slot whose evaluation is in the memory. */
  get position(): Point | undefined {
    return this.#applied;
  }

  /** About how many bytes of memory the process takes. */
  get footprint(): number {
    return this.#memory.footprint;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** What a copy of the process starts from. */
  get memoryState(): MemoryState {
    return this.#memory.state;
  }

  /** Hands in a slot seen elsewhere, so that it need not be fetched. */
  offer(slot: Slot): void {
    this.#ports.feed.offer(slot);
  }

  /**
   * The result of the message with that nonce, evaluated if need be.
   * @throws AoError `EVAL.HYDRATING` if much has to be evaluated before, `EVAL.EARLIER` if the memory is beyond it and its result is not stored, `SCHEDULE.NOT_FOUND`, …
   */
  async result(nonce: number): Promise<string> {
    if (nonce > nonceOf(this.#applied) || this.#writer.has(nonce)) {
      const remaining = nonce - nonceOf(this.#applied);
      const { hydrationLimit } = this.#ports;
      if (!this.busy || hydrationLimit === 0 || remaining <= hydrationLimit) return this.#wait(nonce);
      this.#aim(nonce);
      throw hydrating(this.process.id, hydrationLimit, remaining);
    }
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
    const at = this.#head;
    return { memory: await this.#memory.copy(), at };
  }

  /** Finishes what is under way, fails what waits, saves and frees the memory. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#signal.notify();
    await this.#running;
    await this.#memory.snapshot().catch(() => {});
    await this.#ports.snapshots.flush();
    this.#memory.drop();
  }

  #wait(nonce: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(nonce);
      if (waiters) waiters.push({ resolve, reject });
      else this.#waiters.set(nonce, [{ resolve, reject }]);
      this.#aim(nonce);
      if (this.#writer.has(nonce)) this.#writer.flush();
    });
  }

  #aim(nonce: number): void {
    this.#target = Math.max(this.#target, nonce);
    this.#stalled = false;
    this.#signal.notify();
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#failure && this.#inFlight === 0) this.#recover(this.#failure.error);
      else if (this.#mayProceed) await this.#proceed().catch((error: unknown) => this.#fail(error));
      else if (this.#inFlight > 0) await this.#signal.changed();
      else if (this.#writer.size > 0 && !this.#stalled) {
        this.#writer.flush();
        await this.#signal.changed();
      } else break;
    }
    this.#running = undefined;
    if (this.#closed) this.#rejectWaiters(stopping());
  }

  get #mayProceed(): boolean {
    if (this.#failure || this.#closed || this.#stalled) return false;
    if (this.#inFlight >= MAX_IN_FLIGHT || this.#writer.size >= MAX_UNSAVED) return false;
    return this.#target > nonceOf(this.#head);
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
    this.#memory.resume();
    const code = isAoError(error) ? error.code : '';
    if (LOST.has(code)) this.#memory.drop();
    if (RUINED.has(code)) this.#restart();
    if (isAoError(error, 'EVAL.TIMEOUT') && error !== this.#endless?.error) this.#giveUp(error);
    this.#head = this.#applied;
    this.#duplicates.withdraw(nonceOf(this.#applied));
    if (code !== 'EVAL.TIMEOUT' && (LOST.has(code) || RUINED.has(code)) && ++this.#attempts < MAX_ATTEMPTS)
      return;
    this.#attempts = 0;
    this.#target = nonceOf(this.#applied);
    this.#rejectWaiters(error);
  }

  /** The next message does not end. Trying it again at each request would keep a thread from all others. */
  #giveUp(error: AoError): void {
    const { timeoutMs } = error.facts as { timeoutMs: number };
    this.#endless = { nonce: nonceOf(this.#applied) + 1, error, until: this.#ports.clock() + timeoutMs };
  }

  #restart(): void {
    this.#memory.forget();
    this.#applied = undefined;
  }

  #rejectWaiters(error: unknown): void {
    const all = [...this.#waiters.values()].flat();
    this.#waiters.clear();
    for (const { reject } of all) reject(error);
  }

  /** Gives the next slot to the instance. */
  async #proceed(): Promise<void> {
    if (this.#slots.length === 0)
      this.#slots = await this.#ports.feed.next(nonceOf(this.#head), this.#target);
    const slot = this.#slots[0];
    if (!slot) throw notScheduled(this.process.id, nonceOf(this.#head) + 1);
    if (this.#endless?.nonce === slot.nonce && this.#ports.clock() < this.#endless.until)
      throw this.#endless.error;
    if (!this.#head && !startsWithProcess(slot)) {
      this.#applySpawn(await this.#ports.spawnData());
      return;
    }
    const previous = nonceOf(this.#head) < 0 ? undefined : this.#head;
    checkChain(slot, previous, this.process.origin.blockHeight);
    const digest = contentDigest(slot);
    const message = (await this.#duplicates.has(slot, digest)) ? undefined : await this.#text(slot);
    this.#slots.shift();
    this.#head = pointOf(slot);
    if (message !== undefined) this.#duplicates.add(slot, digest);
    this.#track(message, (outcome) => {
      this.#applied = pointOf(slot);
      this.#writer.add(evaluationOf(slot, digest, outcome), this.#waiters.has(slot.nonce));
    });
  }

  /** Old processes have no slot of their own; what their spawn gives is not stored. */
  #applySpawn(data: string): void {
    const point: Point = { nonce: -1, ...this.process.origin, epoch: 0, assignmentId: '', hashChain: '' };
    this.#head = point;
    this.#track(spawnText(this.process, data), () => {
      this.#applied = point;
    });
  }

  /** Evaluates; `settle` runs as soon as the outcome is there and everything given earlier has settled. */
  #track(message: string | undefined, settle: (outcome: Outcome | undefined) => void): void {
    this.#inFlight += 1;
    const outcome = message === undefined ? undefined : this.#memory.apply(message);
    this.#tail = Promise.all([outcome, this.#tail]).then(([result]) => {
      this.#attempts = 0;
      settle(result);
    });
    void this.#tail
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#inFlight -= 1;
        this.#signal.notify();
      });
  }

  #announce(nonce: number, body: string): void {
    this.#duplicates.stored(nonce);
    this.#ports.snapshots.resultsStored(nonce);
    const waiters = this.#waiters.get(nonce);
    this.#waiters.delete(nonce);
    for (const { resolve } of waiters ?? []) resolve(body);
    this.#signal.notify();
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

function evaluationOf(slot: Slot, digest: string | undefined, outcome: Outcome | undefined): Evaluation {
  const { processId, nonce, timestamp, blockHeight, messageId, assignmentId } = slot;
  return {
    ...{ processId, nonce, timestamp, blockHeight, messageId, assignmentId },
    cron: null,
    digest: digest ?? null,
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
    `The schedule of process ${processId} has no nonce ${nonce} yet.`,
    {
      action: 'fix',
      facts: { processId, nonce },
    },
  );
}

function hydrating(processId: string, limit: number, remaining: number): AoError {
  return new AoError(
    'EVAL.HYDRATING',
    `Nonce limit exceeded: process ${processId} is currently hydrating with >${limit} nonces remaining (${remaining} remaining). Please try again later.`,
    { action: 'retry', facts: { processId, limit, remaining } },
  );
}

function stopping(): AoError {
  return new AoError('UNIT.STOPPING', 'The unit stops; ask again when it is back.', { action: 'retry' });
}
