import { tagValues } from '@ao-ts/core/ans104';
import type { Outcome } from '../worker/outcome.ts';
import { checkChain } from './chain.ts';
import type { CronFiring, CronSchedule } from './cron-schedule.ts';
import { contentDigest, Duplicates } from './duplicates.ts';
import { notScheduled } from './evaluation-errors.ts';
import { cronEvaluation, scheduledEvaluation } from './evaluations.ts';
import { type AssignedTransaction, assignedText, cronText, scheduledText, spawnText } from './message.ts';
import type { Process } from './process.ts';
import type { Evaluation, ResultStore } from './result-store.ts';
import type { ScheduleFeed } from './schedule-feed.ts';
import { nonceOf, originOf, type Point, pointOf, type Slot } from './slot.ts';

export interface AgendaPorts {
  feed: ScheduleFeed;
  crons: CronSchedule;
  results: ResultStore;
  /** Something on Arweave, without the excluded fields. */
  transaction(id: string, exclude: readonly string[]): Promise<AssignedTransaction>;
  /** The data of the process item as text; only asked for old processes. */
  spawnData(): Promise<string>;
}

/** A moment of the scheduler, up to which the crons after the last message may fire. */
export interface Horizon {
  /** Unix milliseconds. */
  timestamp: number;
  blockHeight: number;
}

/** What a process does next. */
export interface Step {
  /** For the module; undefined if it was evaluated before, and is only passed by. */
  message: string | undefined;
  /** Where the process stands afterwards. */
  point: Point;
  /** What to store of its outcome, if anything. */
  evaluation(outcome: Outcome | undefined): Evaluation | undefined;
}

/** What a process has to evaluate, one after the other: its schedule, the crons that fire in between, its spawn if it is old. */
export class Agenda {
  readonly #process: Process;
  readonly #ports: AgendaPorts;
  readonly #duplicates: Duplicates;
  /** Fetched, but not yet a step. */
  #slots: Slot[] = [];

  constructor(process: Process, ports: AgendaPorts) {
    this.#process = process;
    this.#ports = ports;
    this.#duplicates = new Duplicates(ports.results);
  }

  /**
   * The step after `head`, up to the message with nonce `target` and the crons until `horizon`; undefined if there is none.
   * @throws AoError `SCHEDULE.NOT_FOUND`, `SCHEDULE.GAP`, a broken hash chain, or an error to retry
   */
  async next(
    head: Point | undefined,
    target: number,
    horizon: Horizon | undefined,
  ): Promise<Step | undefined> {
    const slot = await this.#nextSlot(head, target);
    if (slot && !head && !startsWithProcess(slot)) return this.#spawn();
    const firing = await this.#nextCron(head, slot, horizon);
    if (firing) return this.#fired(firing, head);
    return slot && this.#scheduled(slot, head);
  }

  /** The results up to that nonce are stored. */
  stored(nonce: number): void {
    this.#duplicates.stored(nonce);
  }

  /** What came after that point was not evaluated after all, and comes again. */
  goBack(point: Point | undefined): void {
    this.#slots = [];
    this.#duplicates.withdraw(nonceOf(point));
  }

  async #nextSlot(head: Point | undefined, target: number): Promise<Slot | undefined> {
    const next = nonceOf(head) + 1;
    if (target < next) return undefined;
    if (this.#slots.length === 0) this.#slots = await this.#ports.feed.next(next - 1, target);
    const [slot] = this.#slots;
    if (slot) return slot;
    throw notScheduled(this.#process.id, next);
  }

  async #nextCron(
    head: Point | undefined,
    slot: Slot | undefined,
    horizon: Horizon | undefined,
  ): Promise<CronFiring | undefined> {
    const { crons } = this.#ports;
    if (!head || !crons.any) return undefined;
    const progress = head.crons ?? crons.start();
    if (slot) return crons.nextBefore(progress, slot);
    return horizon && crons.nextUntil(progress, horizon);
  }

  async #scheduled(slot: Slot, head: Point | undefined): Promise<Step> {
    const { crons } = this.#ports;
    checkChain(slot, nonceOf(head) < 0 ? undefined : head, this.#process.origin.blockHeight);
    const digest = contentDigest(slot);
    const message = (await this.#duplicates.has(slot, digest)) ? undefined : await this.#text(slot);
    this.#slots.shift();
    if (message !== undefined) this.#duplicates.add(slot, digest);
    const progress = crons.any ? crons.pass(head?.crons ?? crons.start(), slot) : undefined;
    return {
      message,
      point: { ...pointOf(slot), crons: progress },
      evaluation: (outcome) => scheduledEvaluation(slot, digest, outcome),
    };
  }

  #fired({ cron, timestamp, blockHeight, progress }: CronFiring, head: Point | undefined): Step {
    const point = { ...(head ?? originOf(this.#process)), timestamp, blockHeight, crons: progress };
    return {
      message: cronText(this.#process, cron.tags, { timestamp, blockHeight }),
      point,
      evaluation: (outcome) => outcome && cronEvaluation(this.#process.id, cron.id, point, outcome),
    };
  }

  /** Old processes have no slot of their own; what their spawn gives is not stored. */
  async #spawn(): Promise<Step> {
    const message = spawnText(this.#process, await this.#ports.spawnData());
    return { message, point: originOf(this.#process), evaluation: () => undefined };
  }

  async #text(slot: Slot): Promise<string> {
    const { message } = slot;
    if (message) return scheduledText({ ...slot, message });
    return assignedText(slot, await this.#ports.transaction(slot.messageId, slot.exclude));
  }
}

function startsWithProcess(slot: Slot): boolean {
  return slot.message !== null && tagValues(slot.message.tags, 'Type').includes('Process');
}
