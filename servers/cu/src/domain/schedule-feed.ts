import { AoError } from '@ao-ts/core';
import type { SchedulePage } from '@ao-ts/core/schemas';
import { readSlot, type Slot } from './slot.ts';

export interface PageRange {
  /** Exclusive. */
  from: number;
  /** Inclusive. */
  to: number;
  limit: number;
}

interface Page {
  after: number;
  slots: Slot[];
  more: boolean;
}

const MAX_OFFERED = 1000;

/** The schedule of a process, slot by slot. While a page is worked off, the next one is on its way. */
export class ScheduleFeed {
  readonly #processId: string;
  readonly #fetchPage: (range: PageRange) => Promise<SchedulePage>;
  readonly #pageSize: number;
  readonly #offered = new Map<number, Slot>();
  #ahead: { after: number; page: Promise<Page> } | undefined;

  constructor(processId: string, fetchPage: (range: PageRange) => Promise<SchedulePage>, pageSize: number) {
    this.#processId = processId;
    this.#fetchPage = fetchPage;
    this.#pageSize = pageSize;
  }

  /** Hands in a slot that was seen elsewhere, so that it need not be fetched. */
  offer(slot: Slot): void {
    if (this.#offered.size < MAX_OFFERED) this.#offered.set(slot.nonce, slot);
  }

  /**
   * The slots that follow nonce `after`, at least one and not beyond `to`; none if the schedule ends there.
   * @throws AoError `SCHEDULE.GAP` if the scheduler leaves slots out
   */
  async next(after: number, to: number): Promise<Slot[]> {
    for (const nonce of this.#offered.keys()) if (nonce <= after) this.#offered.delete(nonce);
    const offered = this.#offered.get(after + 1);
    if (offered) return [offered];
    const ahead = this.#ahead?.after === after ? this.#ahead.page : undefined;
    this.#ahead = undefined;
    const page = await (ahead ?? this.#fetch(after, to));
    const last = page.slots.at(-1);
    if (last && page.more && last.nonce < to) this.#prefetch(last.nonce, to);
    return page.slots;
  }

  #prefetch(after: number, to: number): void {
    const page = this.#fetch(after, to);
    // It is awaited later, or never.
    page.catch(() => {});
    this.#ahead = { after, page };
  }

  async #fetch(after: number, to: number): Promise<Page> {
    const { edges, page_info } = await this.#fetchPage({ from: after, to, limit: this.#pageSize });
    const slots = edges.map(({ node }) => readSlot(this.#processId, node));
    const more = page_info.has_next_page;
    const complete = slots.every((slot, index) => slot.nonce === after + 1 + index);
    if (complete && !(more && slots.length === 0)) return { after, slots, more };
    throw new AoError(
      'SCHEDULE.GAP',
      `The scheduler left out messages of process ${this.#processId} after nonce ${after}.`,
      { action: 'retry', facts: { after, to, nonces: slots.slice(0, 5).map(({ nonce }) => nonce) } },
    );
  }
}
