import { NO_LIMITS, parseDataItem } from '@ao-ts/core/ans104';
import { readAssignmentTags } from '@ao-ts/core/schedule';

/** One place in the history of a process, as stored: the bytes that were received and the bytes that were signed. */
export interface Slot {
  processId: string;
  nonce: number;
  /** Unix milliseconds. */
  timestamp: number;
  assignmentId: string;
  /** The signed Assignment item. */
  assignment: Uint8Array;
  /** Id of what is scheduled; for nonce 0 the process id. */
  itemId: string;
  /** The item as received; null where something already on Arweave was assigned. */
  item: Uint8Array | null;
}

/** What the next slot of a process continues. */
export interface Head {
  nonce: number;
  timestamp: number;
  assignmentId: string;
  hashChain: string;
  blockHeight: number;
}

/** Reads the head back from the newest slot: its signed assignment says everything the next one needs. */
export function headOf(slot: Slot): Head {
  const { nonce, timestamp, assignmentId } = slot;
  const { hashChain, blockHeight } = readAssignmentTags(parseDataItem(slot.assignment, NO_LIMITS).tags);
  return { nonce, timestamp, assignmentId, hashChain, blockHeight };
}
