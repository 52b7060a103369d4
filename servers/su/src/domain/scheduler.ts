import { AoError } from '@ao-ts/core';
import { Claims } from './claims.ts';
import { duplicateContent, duplicateItem, processNotFound } from './errors.ts';
import type { MakeSlots } from './make-slots.ts';
import { type Entry, ProcessLine } from './process-line.ts';
import type { ScheduleStore } from './schedule-store.ts';
import { type Head, headOf, type Slot } from './slot.ts';

export interface SchedulerOptions {
  store: ScheduleStore;
  makeSlots: MakeSlots;
  /** Height of the newest block. */
  height: () => Promise<number>;
  /** Unix milliseconds. */
  clock: () => number;
  /** Entries of one process that may wait. */
  maxQueue: number;
  /** Told after each slot is durable. */
  onStored: () => void;
}

/** Slots signed in one go while all other lines are empty; the fewer, the more lines there are. */
const AT_ONCE = 8;

/** Before the first slot of a process. */
const origin = (): Head => ({ nonce: -1, timestamp: 0, assignmentId: '', hashChain: '', blockHeight: 0 });

/**
 * Gives entries their slots. Nonces of a process have no gap, timestamps strictly increase, heights never decrease,
 * and the promise of an entry settles once its slot is durable.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  /** Lines that have something to do. */
  readonly #lines = new Map<string, ProcessLine>();
  readonly #claims = new Claims();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /**
   * @throws AoError `SCHEDULE.DUPLICATE`, `PROCESS.NOT_FOUND`, `SCHEDULE.BUSY`, `SCHEDULE.CONFLICT`,
   *   `GATEWAY.NO_HEIGHT`, `STORE.FAILED`
   */
  schedule(entry: Entry): Promise<Slot> {
    // Repeats that arrive together wait for the first: if it is stored they are repeats, else they are the first.
    return this.#claims.hold(claimKeys(entry), async () => {
      await this.#refuseRepeats(entry);
      return this.#line(entry.processId).add(entry);
    });
  }

  /** Entries that wait for their turn to be signed, of all processes. */
  get waiting(): number {
    let sum = 0;
    for (const line of this.#lines.values()) sum += line.length;
    return sum;
  }

  async #refuseRepeats({ processId, itemId, item, contentHash }: Entry): Promise<void> {
    const { store } = this.#options;
    const exists = this.#lines.get(processId)?.begun || (await store.hasProcess(processId));
    const isProcess = itemId === processId && item !== null;
    if (isProcess) {
      if (exists) throw duplicateItem(itemId);
      return;
    }
    if (!exists) throw processNotFound(processId);
    if (item !== null && (await store.hasItem(itemId))) throw duplicateItem(itemId);
    if (contentHash && (await store.hasContent(processId, contentHash))) throw duplicateContent(itemId);
  }

  #line(processId: string): ProcessLine {
    let line = this.#lines.get(processId);
    if (!line) {
      line = new ProcessLine({
        loadHead: async () => {
          await this.#options.store.hold(processId);
          const latest = await this.#options.store.latest(processId);
          return latest ? headOf(latest) : origin();
        },
        atOnce: () => Math.max(1, Math.floor(AT_ONCE / this.#lines.size)),
        sign: async (entries, head, tell) => {
          const { makeSlots, height, clock } = this.#options;
          const drafts = entries.map(({ itemId, exclude }) => ({ processId, itemId, exclude }));
          await makeSlots({ drafts, head, height: await height(), now: clock() }, tell);
        },
        commit: async (slot, entry) => {
          await this.#options.store.append(slot, entry.contentHash);
          this.#options.onStored();
        },
        idle: () => {
          this.#lines.delete(processId);
          this.#options.store.letGo(processId);
        },
      });
      this.#lines.set(processId, line);
    }
    if (line.length >= this.#options.maxQueue) {
      throw new AoError(
        'SCHEDULE.BUSY',
        `${line.length} items wait for a slot of this process; send it again in a moment.`,
        { action: 'retry', facts: { processId } },
      );
    }
    return line;
  }
}

function claimKeys({ processId, itemId, item, contentHash }: Entry): string[] {
  const keys = item === null ? [] : [itemId];
  if (contentHash) keys.push(`${processId}:${Buffer.from(contentHash).toString('base64url')}`);
  return keys;
}
