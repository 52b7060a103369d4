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
  /** For processes kept in memory. */
  maxBytes: number;
  clock: () => number;
}

interface Hot {
  evaluator: Promise<Evaluator>;
  /** Requests that use it: it is not to be put away under their hands. */
  users: number;
  /** When its newest state was last asked for at the scheduler, in ms. */
  checkedAt: number;
}

/** All processes of this unit: the hot ones in memory, all others in the store. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #hot = new Map<string, Hot>();
  /** Processes on their way out of memory. */
  readonly #cooling = new Map<string, Promise<void>>();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Fails for a process that does not exist or can not be evaluated here. */
  async check(processId: string): Promise<void> {
    await this.#use(processId, async () => {});
  }

  /**
   * The result (JSON text) of a message; `id` is that of the message, of its assignment, of the process for its
   * spawn, or a decimal nonce.
   */
  async result(processId: string, id: string): Promise<string> {
    const stored = await this.#stored(processId, id);
    if (stored) return stored.body;
    return this.#use(processId, async (evaluator) => {
      const nonce = nonceIn(processId, id);
      if (nonce !== undefined) return evaluator.result(nonce);
      const slot = await this.#options.schedules.slot(processId, id);
      evaluator.offer(slot);
      return evaluator.result(slot.nonce);
    });
  }

  /** The result (JSON text) of a message that leaves no trace, on the newest state, or on that of message `to`. */
  dryRun(
    processId: string,
    message: DryRunMessage,
    { to, maxAgeMs }: { to?: string | undefined; maxAgeMs: number },
  ): Promise<string> {
    return this.#use(processId, async (evaluator, hot) => {
      if (to !== undefined) {
        const slot = await this.#options.schedules.slot(processId, to);
        await this.#reachExactly(evaluator, slot.nonce);
      } else await this.#reachLatest(evaluator, hot, maxAgeMs);
      const at = evaluator.position ?? originOf(evaluator.process);
      return this.#options.dryRuns.run(processId, evaluator.memoryState, dryRunText(processId, message, at));
    });
  }

  /** A copy of the memory, at the newest message or the last one not later than `to` (ms). */
  memory(processId: string, to?: number): Promise<{ memory: Uint8Array; at: Point | undefined }> {
    return this.#use(processId, async (evaluator, hot) => {
      if (to === undefined) await this.#reachLatest(evaluator, hot, 0);
      else await this.#reachExactly(evaluator, await this.#options.schedules.nonceAt(processId, to));
      return evaluator.memory();
    });
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

  async #reachLatest(evaluator: Evaluator, hot: Hot, maxAgeMs: number): Promise<void> {
    const { clock, schedules } = this.#options;
    if (evaluator.position && clock() - hot.checkedAt <= maxAgeMs) return;
    const asked = clock();
    const slot = await schedules.latest(evaluator.process.id);
    evaluator.offer(slot);
    await evaluator.reach(slot.nonce);
    hot.checkedAt = asked;
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

  async #use<T>(processId: string, use: (evaluator: Evaluator, hot: Hot) => Promise<T>): Promise<T> {
    const hot = this.#warm(processId);
    hot.users += 1;
    try {
      return await use(await hot.evaluator, hot);
    } finally {
      hot.users -= 1;
    }
  }

  #warm(processId: string): Hot {
    const known = this.#hot.get(processId);
    if (known) {
      // Newest last: the first one is the one to cool down.
      this.#hot.delete(processId);
      this.#hot.set(processId, known);
      return known;
    }
    if (!isId(processId)) {
      throw new AoError('PROCESS.ID', `'process-id': '${processId}' is not the id of a process.`, {
        action: 'fix',
      });
    }
    const evaluator = this.#prepare(processId);
    const hot = { evaluator, users: 0, checkedAt: Number.NEGATIVE_INFINITY };
    this.#hot.set(processId, hot);
    evaluator.then(() => this.#coolSome()).catch(() => this.#hot.delete(processId));
    return hot;
  }

  async #prepare(processId: string): Promise<Evaluator> {
    await this.#cooling.get(processId);
    return this.#options.prepare(processId);
  }

  /** Makes room: those used least recently go first. */
  async #coolSome(): Promise<void> {
    const all = [...this.#hot];
    const footprints = await Promise.all(
      all.map(([, { evaluator }]) => evaluator.then((one) => one.footprint).catch(() => 0)),
    );
    let bytes = footprints.reduce((sum, footprint) => sum + footprint, 0);
    for (const [index, [processId, hot]] of all.entries()) {
      if (bytes <= this.#options.maxBytes) return;
      if (hot.users > 0 || this.#hot.get(processId) !== hot) continue;
      bytes -= footprints[index] ?? 0;
      void this.#cool(processId);
    }
  }

  #cool(processId: string): Promise<void> {
    const hot = this.#hot.get(processId);
    this.#hot.delete(processId);
    const cooling = (async () => {
      const evaluator = await hot?.evaluator.catch(() => undefined);
      await evaluator?.close();
      this.#options.onCooled(processId);
      this.#cooling.delete(processId);
    })();
    this.#cooling.set(processId, cooling);
    return cooling;
  }
}

function nonceIn(processId: string, id: string): number | undefined {
  if (id === processId) return 0;
  return /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}

function originOf({ origin }: Process): Point {
  return { nonce: -1, ...origin, epoch: 0, assignmentId: '', hashChain: '' };
}
