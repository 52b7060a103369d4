import { type AoError, isAoError } from '@ao-ts/core';
import type { Outcome } from '../worker/outcome.ts';
import { Agenda, type AgendaPorts, type Horizon, type Step } from './agenda.ts';
import { EndlessMessage } from './endless-message.ts';
import { earlier, hydrating, stopping } from './evaluation-errors.ts';
import { InFlight } from './in-flight.ts';
import { LiveMemory, type MemoryState, type OpenResidence } from './live-memory.ts';
import type { Process } from './process.ts';
import type { Evaluation } from './result-store.ts';
import { ResultWriter } from './result-writer.ts';
import { Signal } from './signal.ts';
import { nonceOf, originOf, type Point, type Slot } from './slot.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import type { StoredSnapshot } from './snapshot-store.ts';
import { Waiters } from './waiters.ts';

export interface EvaluatorPorts extends AgendaPorts {
  open: OpenResidence;
  snapshots: SnapshotKeeper;
  clock: () => number;
  /** A request further ahead of a running evaluation is refused; 0: none is. */
  hydrationLimit: number;
  /** A message was evaluated. */
  onEvaluated(evaluated: { nonce: number; gasUsed: number; timeMs: number }): void;
  /** New results are stored. */
  onStored(): void;
  /** A repeated evaluation gave something else than what is stored. */
  onMismatch(evaluation: Evaluation): void;
}

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
  readonly #agenda: Agenda;
  readonly #waiters = new Waiters();
  readonly #signal = new Signal();
  readonly #inFlight = new InFlight();
  readonly #endless: EndlessMessage;
  /** After the last message given to the instance. */
  #head: Point | undefined;
  /** After the last one it has answered: where the memory stands. */
  #applied: Point | undefined;
  #target = -1;
  #horizon: Horizon | undefined;
  #horizonWaiters: PromiseWithResolvers<void>[] = [];
  #failure: { error: unknown } | undefined;
  #attempts = 0;
  /** Results could not be stored; the next request tries again. */
  #stalled = false;
  #running: Promise<void> | undefined;
  #closed = false;

  /** `start` is where to begin, if not with the spawn. */
  constructor(process: Process, ports: EvaluatorPorts, start?: StoredSnapshot) {
    this.process = process;
    this.#ports = ports;
    this.#endless = new EndlessMessage(ports.clock);
    this.#head = this.#applied = start?.point;
    this.#memory = new LiveMemory({
      open: ports.open,
      snapshot: start?.snapshot,
      onSnapshot: (snapshot) => {
        if (this.#applied) ports.snapshots.offer({ snapshot, point: this.#applied }, this.#writer.added);
      },
    });
    this.#agenda = new Agenda(process, ports);
    this.#writer = new ResultWriter({
      results: ports.results,
      onStored: (evaluation, body) => this.#announce(evaluation, body),
      onFailure: (error) => {
        this.#stalled = true;
        this.#fail(error);
      },
      onMismatch: ports.onMismatch,
    });
  }

  /** Where the memory stands; before the first message, at the origin of the process. */
  get position(): Point {
    return this.#applied ?? originOf(this.process);
  }

  /** About how many bytes of memory the process takes. */
  get footprint(): number {
    return this.#memory.footprint;
  }

  /** What is wrong with the crons it declares. */
  get cronProblem(): AoError | undefined {
    return this.#ports.crons.problem;
  }

  get hasCrons(): boolean {
    return this.#ports.crons.any;
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
   * @throws AoError `EVAL.HYDRATING` if much has to be evaluated before, `EVAL.EARLIER` if the memory is beyond it
   * and its result is not stored, `SCHEDULE.NOT_FOUND`, …
   */
  async result(nonce: number): Promise<string> {
    const remaining = nonce - this.position.nonce;
    if (remaining > 0 || this.#writer.has(nonce)) {
      const { hydrationLimit } = this.#ports;
      if (!this.#running || hydrationLimit === 0 || remaining <= hydrationLimit) return this.#wait(nonce);
      this.#aim(nonce);
      throw hydrating(this.process.id, hydrationLimit, remaining);
    }
    const stored = await this.#ports.results.at(this.process.id, nonce);
    if (stored) return stored.body;
    throw earlier(nonce, this.position.nonce);
  }

  /** Evaluates up to that nonce. The memory may already be beyond it. */
  async reach(nonce: number): Promise<void> {
    if (nonce > this.position.nonce) await this.#wait(nonce);
  }

  /** Evaluates the crons after the last message that was reached, up to that moment. */
  async reachTime(horizon: Horizon): Promise<void> {
    if (!this.#ports.crons.any) return;
    if (!this.#horizon || this.#horizon.timestamp < horizon.timestamp) this.#horizon = horizon;
    const reached = Promise.withResolvers<void>();
    this.#horizonWaiters.push(reached);
    this.#start();
    return reached.promise;
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
    const result = this.#waiters.wait(nonce);
    this.#aim(nonce);
    if (this.#writer.has(nonce)) this.#writer.flush();
    return result;
  }

  #aim(nonce: number): void {
    this.#target = Math.max(this.#target, nonce);
    this.#start();
  }

  #start(): void {
    this.#stalled = false;
    this.#signal.notify();
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#failure && !this.#inFlight.any) this.#recover(this.#failure.error);
      else if (this.#mayProceed) await this.#proceed().catch((error: unknown) => this.#fail(error));
      else if (this.#inFlight.any) await this.#signal.changed();
      else if (this.#writer.size > 0 && !this.#stalled) {
        this.#writer.flush();
        await this.#signal.changed();
      } else break;
    }
    this.#running = undefined;
    if (this.#closed) this.#reject(stopping());
    for (const { resolve } of this.#horizonWaiters.splice(0)) resolve();
  }

  get #mayProceed(): boolean {
    if (this.#failure || this.#closed || this.#stalled) return false;
    if (this.#inFlight.full || this.#writer.size >= MAX_UNSAVED) return false;
    return this.#target > nonceOf(this.#head) || this.#horizon !== undefined;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#signal.notify();
  }

  /** Everything has settled: go back to where the memory is, and try again or give up. */
  #recover(error: unknown): void {
    this.#failure = undefined;
    this.#inFlight.reset();
    this.#memory.resume();
    const code = isAoError(error) ? error.code : '';
    if (LOST.has(code)) this.#memory.drop();
    if (RUINED.has(code)) {
      this.#memory.forget();
      this.#applied = undefined;
    }
    this.#head = this.#applied;
    this.#agenda.goBack(this.#applied);
    const again = code !== 'EVAL.TIMEOUT' && (LOST.has(code) || RUINED.has(code));
    if (again && ++this.#attempts < MAX_ATTEMPTS) return;
    this.#attempts = 0;
    this.#target = nonceOf(this.#applied);
    this.#horizon = undefined;
    // What was evaluated before is being stored, and will be announced.
    this.#reject(error, (nonce) => this.#stalled || !this.#writer.has(nonce));
  }

  #reject(error: unknown, concerns: (nonce: number) => boolean = () => true): void {
    this.#waiters.reject(error, concerns);
    for (const { reject } of this.#horizonWaiters.splice(0)) reject(error);
  }

  async #proceed(): Promise<void> {
    const step = await this.#agenda.next(this.#head, this.#target, this.#horizon);
    if (step) this.#give(step);
    else this.#horizon = undefined;
  }

  /** Gives a step to the instance. Its result is stored in the order of the steps. */
  #give({ message, point, evaluation }: Step): void {
    if (message !== undefined) this.#endless.refuse(message);
    this.#head = point;
    const awaited = () => this.#waiters.has(point.nonce);
    const outcome = message === undefined ? undefined : this.#evaluate(message, awaited());
    this.#inFlight
      .add(outcome, message?.length ?? 0, (result) => {
        this.#attempts = 0;
        this.#applied = point;
        if (result) this.#ports.onEvaluated({ ...result, nonce: point.nonce });
        const done = evaluation(result);
        if (done) this.#writer.add(done, done.cron === null && awaited());
      })
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#signal.notify());
  }

  async #evaluate(message: string, urgent: boolean): Promise<Outcome & { timeMs: number }> {
    try {
      return await this.#memory.apply(message, urgent);
    } catch (error) {
      this.#endless.failed(message, error);
      throw error;
    }
  }

  #announce({ nonce, cron }: Evaluation, body: string): void {
    if (cron === null) {
      this.#agenda.stored(nonce);
      this.#waiters.announce(nonce, body);
    }
    this.#ports.snapshots.resultsStored(this.#writer.stored);
    this.#ports.onStored();
    this.#signal.notify();
  }
}
