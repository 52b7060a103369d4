import type { Slot } from './slot.ts';

/** Where schedules are kept. What it acknowledged survives a crash. */
export interface ScheduleStore {
  /**
   * Makes this unit the one writer of a process until it lets go of it or dies.
   * @throws AoError `SCHEDULE.ELSEWHERE` if another unit is writing it
   */
  hold(processId: string): Promise<void>;
  letGo(processId: string): void;

  /**
   * Stores a slot, the hash of its content and the order to upload it, all or nothing.
   * The promise settles once they are durable.
   * @throws AoError `SCHEDULE.DUPLICATE`, `SCHEDULE.CONFLICT` (the slot does not continue what is stored), `STORE.FAILED`
   */
  append(slot: Slot, contentHash?: Uint8Array): Promise<void>;

  /** The slot with that nonce. */
  slot(processId: string, nonce: number): Promise<Slot | undefined>;
  /** The slot with the highest nonce. */
  latest(processId: string): Promise<Slot | undefined>;
  /** The slot stored last, of whatever process. */
  newest(): Promise<Slot | undefined>;
  /** Slots from nonce `from` to nonce `to`, both included, in order. */
  range(processId: string, from: number, to: number): AsyncIterable<Slot>;
  /** The highest nonce whose timestamp is not after `timestamp`; -1 if there is none. */
  nonceAt(processId: string, timestamp: number): Promise<number>;
  /**
   * The slot of an item or assignment id: of `processId` if it has one, else one with a body, else the oldest.
   * The id of a process does not find its own slot.
   */
  find(id: string, processId?: string): Promise<Slot | undefined>;

  hasProcess(processId: string): Promise<boolean>;
  /** True if the item itself (not a mere assignment of its id) has a slot in any process. */
  hasItem(itemId: string): Promise<boolean>;
  hasContent(processId: string, contentHash: Uint8Array): Promise<boolean>;

  close(): Promise<void>;
}
