import { randomBytes } from 'node:crypto';
import { createDataItem, type Signer } from '@ao-ts/core/ans104';
import { assignmentTags, firstHashChain, nextHashChain } from '@ao-ts/core/schedule';
import { processNotFound } from './errors.ts';
import type { Head } from './slot.ts';

/** What a slot is made for. */
export interface Draft {
  processId: string;
  /** Id of the item or transaction; the process id if it is the process itself. */
  itemId: string;
  exclude: readonly string[];
}

/** Slots to be made one on top of the other, the first on `head`. */
export interface SlotOrder {
  drafts: readonly Draft[];
  head: Head;
  /** Height of the newest block. */
  height: number;
  /** Unix milliseconds. */
  now: number;
}

/** A signed Assignment item and the head it makes; or why there is none, which costs no slot. */
export type Made = { assignment: Uint8Array; head: Head } | { error: unknown };

/** Tells of each slot, in order, as soon as it is signed. */
export type MakeSlots = (order: SlotOrder, tell: (made: Made) => void) => Promise<void>;

const EPOCH = 0;

/** Makes the slots with a key at hand. */
export async function makeSlots(
  { drafts, head, height, now }: SlotOrder,
  signer: Signer,
  tell: (made: Made) => void,
): Promise<void> {
  let previous = head;
  for (const draft of drafts) {
    try {
      const made = await makeSlot(draft, { previous, height, now, signer });
      previous = made.head;
      tell(made);
    } catch (error) {
      tell({ error });
    }
  }
}

async function makeSlot(
  { processId, itemId, exclude }: Draft,
  { previous, height, now, signer }: { previous: Head; height: number; now: number; signer: Signer },
) {
  const nonce = previous.nonce + 1;
  // A message that came while its process was being stored, which then failed.
  if (nonce === 0 && itemId !== processId) throw processNotFound(processId);
  const timestamp = Math.max(now, previous.timestamp + 1);
  const hashChain = nonce === 0 ? firstHashChain(processId) : nextHashChain(previous);
  const blockHeight = Math.max(height, previous.blockHeight);
  const tags = assignmentTags({
    processId,
    epoch: EPOCH,
    nonce,
    hashChain,
    blockHeight,
    timestamp,
    ...(nonce === 0 ? {} : { messageId: itemId }),
    exclude,
  });
  const { id: assignmentId, raw: assignment } = await createDataItem(
    { anchor: randomBytes(32), tags },
    signer,
  );
  return { assignment, head: { nonce, timestamp, assignmentId, hashChain, blockHeight } };
}
