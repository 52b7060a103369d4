import { AoError } from '@ao-ts/core';
import { nextHashChain } from '@ao-ts/core/schedule';
import type { Point, Slot } from './slot.ts';

/** Processes that began below this block have schedules without hash chains. */
const FIRST_BLOCK_WITH_CHAINS = 1_440_000;

/**
 * Checks that a slot follows the one before it: nothing was left out, added or changed.
 * @throws AoError `SCHEDULE.CHAIN`
 */
export function checkChain(slot: Slot, previous: Point | undefined, originHeight: number): void {
  if (originHeight < FIRST_BLOCK_WITH_CHAINS) return;
  const valid = previous ? slot.hashChain === nextHashChain(previous) : slot.hashChain !== '';
  if (valid) return;
  throw new AoError('SCHEDULE.CHAIN', `HashChain invalid on message ${slot.messageId}`, {
    action: 'never',
    facts: { nonce: slot.nonce, hashChain: slot.hashChain },
  });
}
