import { AoError, isId } from '@ao-ts/core';
import type { DryRunMessage } from '@ao-ts/core/schemas';
import type { DryRuns } from './dry-runs.ts';
import type { Evaluator } from './evaluator.ts';
import { dryRunText } from './message.ts';
import type { Process } from './process.ts';
import type { Evaluation, ResultStore } from './result-store.ts';
import type { Point, Slot } from './slot.ts';

/** The schedule of any process, wherever it is kept. */
export interface Schedules {
  /** The slot of a message or assignment. @throws AoError `SCHEDULE.NOT_FOUND` */
  slot(processId: string, id: string): Promise<Slot>;
  latest(processId: string): Promise<Slot>;
  /** Nonce of the last slot that is not later than `timestamp` (ms); -1 if there is none. */
  nonceAt(processId: string, timestamp: number): Promise<number>;
}

export interface EngineOptions {
  results: ResultStore;
  schedules: Schedules;
  dryRuns: DryRuns;
  /** Finds out all that is needed to evaluate a process. @throws AoError if it does not exist or can not be run here */
  prepare(processId: string): Promise<Evaluator>;
  /** The process is no longer in memory. */
  onCooled(processId: string): void;
  /** Processes kept in memory. */
  maxProcesses: number;
  clock: () => number;
}

interface Hot {
  evaluator: Promise<Evaluator>;
  /** When its newest state was last asked for at the scheduler, in ms. */
  checkedAt: number;
}

/** All processes of this unit: the hot ones in memory, all others in the store. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #hot = new Map<string, Hot>();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** The process, checked to be one this unit can evaluate. */
  async process(processId: string): Promise<Process> {
    return (await this.#evaluator(processId)).process;
  }

  /**
   * The result (JSON text) of a message; `id` is that of the message, of its assignment, of the process for its
   * spawn, or a decimal nonce.
   */
  async result(processId: string, id: string): Promise<string> {
    const stored = await this.#stored(processId, id);
    if (stored) return stored.body;
    const evaluator = await this.#evaluator(processId);
    const nonce = nonceIn(processId, id);
    if (nonce !== undefined) return evaluator.result(nonce);
    const slot = await this.#options.schedules.slot(processId, id);
    evaluator.offer(slot);
    return evaluator.result(slot.nonce);
  }

  /** The result (JSON text) of a message that leaves no trace, on the newest state, or on that of message `to`. */
  async dryRun(
    processId: string,
    message: DryRunMessage,
    { to, maxAgeMs }: { to?: string | undefined; maxAgeMs: number },
  ): Promise<string> {
    const evaluator = await this.#evaluator(processId);
    if (to !== undefined) {
      const slot = await this.#options.schedules.slot(processId, to);
      await this.#reachExactly(evaluator, slot.nonce);
    } else await this.#reachLatest(evaluator, maxAgeMs);
    const at = evaluator.position ?? originOf(evaluator.process);
    return this.#options.dryRuns.run(processId, evaluator.memoryState, dryRunText(processId, message, at));
  }

  /** A copy of the memory, at the newest message or the last one not later than `to` (ms). */
  async memory(processId: string, to?: number): Promise<{ memory: Uint8Array; at: Point | undefined }> {
    const evaluator = await this.#evaluator(processId);
    if (to === undefined) await this.#reachLatest(evaluator, 0);
    else await this.#reachExactly(evaluator, await this.#options.schedules.nonceAt(processId, to));
    return evaluator.memory();
  }

  async close(): Promise<void> {
    const all = [...this.#hot.keys()].map((processId) => this.#cool(processId));
    await Promise.all(all);
  }

  #stored(processId: string, id: string): Promise<Evaluation | undefined> {
    const nonce = nonceIn(processId, id);
    const { results } = this.#options;
    return nonce === undefined ? results.find(processId, id) : results.at(processId, nonce);
  }

  async #reachLatest(evaluator: Evaluator, maxAgeMs: number): Promise<void> {
    const { clock, schedules } = this.#options;
    const hot = this.#hot.get(evaluator.process.id);
    if (hot && evaluator.position && clock() - hot.checkedAt <= maxAgeMs) return;
    const asked = clock();
    const slot = await schedules.latest(evaluator.process.id);
    evaluator.offer(slot);
    await evaluator.reach(slot.nonce);
    if (hot) hot.checkedAt = asked;
  }

  async #reachExactly(evaluator: Evaluator, nonce: number): Promise<void> {
    await evaluator.reach(nonce);
    const latest = evaluator.position?.nonce ?? -1;
    if (latest === nonce) return;
    throw new AoError(
      'EVAL.EARLIER',
      `message at nonce ${nonce} not found cached, and earlier than latest known nonce ${latest}`,
      { action: 'never', facts: { nonce, latest } },
    );
  }

  #evaluator(processId: string): Promise<Evaluator> {
    const hot = this.#hot.get(processId);
    if (hot) {
      // Newest last: the first one is the one to cool down.
      this.#hot.delete(processId);
      this.#hot.set(processId, hot);
      return hot.evaluator;
    }
    if (!isId(processId)) {
      throw new AoError('PROCESS.ID', `'process-id': '${processId}' is not the id of a process.`, {
        action: 'fix',
      });
    }
    const evaluator = this.#options.prepare(processId);
    this.#hot.set(processId, { evaluator, checkedAt: Number.NEGATIVE_INFINITY });
    evaluator.catch(() => this.#hot.delete(processId));
    this.#coolSome();
    return evaluator;
  }

  #coolSome(): void {
    if (this.#hot.size <= this.#options.maxProcesses) return;
    for (const [processId, { evaluator }] of this.#hot) {
      void evaluator.then(
        (one) => {
          if (!one.busy && this.#hot.size > this.#options.maxProcesses) void this.#cool(processId);
        },
        () => {},
      );
    }
  }

  async #cool(processId: string): Promise<void> {
    const hot = this.#hot.get(processId);
    this.#hot.delete(processId);
    const evaluator = await hot?.evaluator.catch(() => undefined);
    await evaluator?.close();
    if (!this.#hot.has(processId)) this.#options.onCooled(processId);
  }
}

function nonceIn(processId: string, id: string): number | undefined {
  if (id === processId) return 0;
  return /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}

function originOf({ origin }: Process): Point {
  return { nonce: -1, ...origin, epoch: 0, assignmentId: '', hashChain: '' };
}
