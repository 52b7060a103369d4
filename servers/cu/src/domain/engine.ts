import { AoError, isId } from '@ao-ts/core';
import type { DryRunMessage } from '@ao-ts/core/schemas';
import type { Horizon } from './agenda.ts';
import type { DryRuns } from './dry-runs.ts';
import { earlier, earlierTime } from './evaluation-errors.ts';
import type { Evaluator } from './evaluator.ts';
import { dryRunText } from './message.ts';
import type { Evaluation, ResultStore } from './result-store.ts';
import type { Point, Slot } from './slot.ts';

/** The schedule of any process, wherever it is kept. */
export interface Schedules {
  /** The slot of a message or assignment. @throws AoError `SCHEDULE.NOT_FOUND` */
  slot(processId: string, id: string): Promise<Slot>;
  latest(processId: string): Promise<Slot>;
  /** What the scheduler of the process takes for now. */
  now(processId: string): Promise<Horizon>;
  /** Nonce of the last slot that is not later than `timestamp` (ms); -1 if there is none. */
  nonceAt(processId: string, timestamp: number): Promise<number>;
}

export interface EngineOptions {
  results: ResultStore;
  schedules: Schedules;
  dryRuns: DryRuns;
  /** Finds out all that is needed to evaluate a process. @throws AoError if it does not exist or can not be run here */
  prepare(processId: string): Promise<Evaluator>;
  /** Runs what waits for the evaluation of a message. */
  waiting<T>(processId: string, nonce: number, wait: () => Promise<T>): Promise<T>;
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

/** A scheduler may have given out times that it has not made visible yet; crons keep behind them. */
const CLOCK_MARGIN_MS = 2000;
const MAX_NONCES = 10_000;

/** All processes of this unit: the hot ones in memory, all others in the store. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #hot = new Map<string, Hot>();
  readonly #nonces = new Map<string, Promise<number>>();
  /** Processes on their way out of memory. */
  readonly #cooling = new Map<string, Promise<void>>();

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Processes in memory. */
  get size(): number {
    return this.#hot.size;
  }

  /**
   * Evaluates the crons of a process up to that time (ms), or until now.
   * @throws AoError `CRON.INVALID` if its tags declare crons that can not be understood
   */
  async cron(processId: string, to: number | undefined): Promise<void> {
    await this.#use(processId, async (evaluator, hot) => {
      if (evaluator.cronProblem) throw evaluator.cronProblem;
      if (evaluator.hasCrons) await this.#reachMoment(evaluator, hot, to);
    });
  }

  /**
   * The result (JSON text) of a message; `id` is that of the message, of its assignment, of the process for its
   * spawn, or a decimal nonce.
   */
  async result(processId: string, id: string): Promise<string> {
    const stored = await this.#stored(processId, id);
    if (stored) return stored.body;
    return this.#use(processId, async (evaluator) => {
      const nonce = nonceIn(id) ?? (await this.#nonceOf(evaluator, id));
      return this.#options.waiting(processId, nonce, () => evaluator.result(nonce));
    });
  }

  /**
   * The result (JSON text) of a message that leaves no trace, on the newest state, or on that of message `to`. `admit`
   * throws if this client may not have one evaluated.
   */
  dryRun(
    processId: string,
    message: DryRunMessage,
    { to, maxAgeMs, admit }: { to?: string | undefined; maxAgeMs: number; admit: () => void },
  ): Promise<string> {
    return this.#use(processId, async (evaluator, hot) => {
      if (to !== undefined) {
        await this.#reachExactly(evaluator, await this.#nonceOf(evaluator, to));
      } else await this.#reachLatest(evaluator, hot, maxAgeMs);
      const text = dryRunText(processId, message, evaluator.position);
      return this.#options.dryRuns.run(processId, evaluator.memoryState, text, admit);
    });
  }

  /** A copy of the memory, at the newest message or the last one not later than `to` (ms). */
  memory(processId: string, to?: number): Promise<{ memory: Uint8Array; at: Point | undefined }> {
    return this.#use(processId, async (evaluator, hot) => {
      await this.#reachMoment(evaluator, hot, to);
      const { nonce, timestamp } = evaluator.position;
      if (to !== undefined && timestamp > to) throw earlierTime(to, nonce);
      return evaluator.memory();
    });
  }

  async close(): Promise<void> {
    const all = [...this.#hot.keys()].map((processId) => this.#cool(processId));
    await Promise.all(all);
  }

  #stored(processId: string, id: string): Promise<Evaluation | undefined> {
    const nonce = nonceIn(id);
    const { results } = this.#options;
    return nonce === undefined ? results.find(processId, id) : results.at(processId, nonce);
  }

  /** The nonce of a message or assignment. It never changes, so each is asked for once. */
  #nonceOf(evaluator: Evaluator, id: string): Promise<number> {
    const processId = evaluator.process.id;
    const key = `${processId},${id}`;
    const known = this.#nonces.get(key);
    if (known) return known;
    const nonce = this.#options.schedules.slot(processId, id).then((slot) => {
      evaluator.offer(slot);
      return slot.nonce;
    });
    this.#nonces.set(key, nonce);
    nonce.catch(() => this.#nonces.delete(key));
    const [oldest] = this.#nonces.keys();
    if (oldest !== undefined && this.#nonces.size > MAX_NONCES) this.#nonces.delete(oldest);
    return nonce;
  }

  async #reachLatest(evaluator: Evaluator, hot: Hot, maxAgeMs: number): Promise<void> {
    const { clock, schedules } = this.#options;
    if (evaluator.position.nonce >= 0 && clock() - hot.checkedAt <= maxAgeMs) return;
    const asked = clock();
    const slot = await schedules.latest(evaluator.process.id);
    evaluator.offer(slot);
    await evaluator.reach(slot.nonce);
    hot.checkedAt = asked;
  }

  /** Evaluates the messages and the crons up to that time, or until now. */
  async #reachMoment(evaluator: Evaluator, hot: Hot, to: number | undefined): Promise<void> {
    const { schedules } = this.#options;
    const { id } = evaluator.process;
    // The time first: a message that is scheduled between the two questions is later than it.
    const now = evaluator.hasCrons ? await schedules.now(id) : undefined;
    if (to === undefined) await this.#reachLatest(evaluator, hot, 0);
    else await evaluator.reach(await schedules.nonceAt(id, to));
    if (!now) return;
    const timestamp = Math.min(now.timestamp - CLOCK_MARGIN_MS, to ?? Number.POSITIVE_INFINITY);
    await evaluator.reachTime({ timestamp, blockHeight: now.blockHeight });
  }

  async #reachExactly(evaluator: Evaluator, nonce: number): Promise<void> {
    await evaluator.reach(nonce);
    const latest = evaluator.position.nonce;
    if (latest !== nonce) throw earlier(nonce, latest);
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

function nonceIn(id: string): number | undefined {
  return /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}
