import { createHash } from 'node:crypto';
import { tagValue } from '@ao-ts/core/ans104';
import type { ResultStore } from './result-store.ts';
import type { Slot } from './slot.ts';

/**
 * What identifies the content of a pushed message, whoever signed it and however often it was pushed. Undefined for
 * messages no process pushed: their scheduler refuses repeated ids.
 */
export function contentDigest({ processId, message }: Slot): string | undefined {
  if (!message || tagValue(message.tags, 'From-Process') === undefined) return undefined;
  const { anchor, tags, data } = message;
  const content = JSON.stringify([processId, anchor, tags.map(({ name, value }) => [name, value]), data]);
  return createHash('sha256').update(content).digest('base64url');
}

/**
 * Recognises messages of one process that were pushed or assigned twice. Only what comes earlier in the schedule
 * counts, so the answer does not depend on when it is asked.
 */
export class Duplicates {
  readonly #results: ResultStore;
  /** Ids and digests of what is on its way to the store, by the nonce that came first. */
  readonly #pending = new Map<string, number>();

  constructor(results: ResultStore) {
    this.#results = results;
  }

  async has(slot: Slot, digest: string | undefined): Promise<boolean> {
    if (slot.message && digest === undefined) return false;
    const pending = this.#pending.get(digest ?? slot.messageId);
    if (pending !== undefined && pending < slot.nonce) return true;
    const key = digest === undefined ? { messageId: slot.messageId } : { digest };
    return this.#results.evaluatedBefore(slot.processId, key, slot.nonce);
  }

  /** The message is on its way to the store. */
  add(slot: Slot, digest: string | undefined): void {
    for (const key of [slot.messageId, digest]) {
      if (key !== undefined && !this.#pending.has(key)) this.#pending.set(key, slot.nonce);
    }
  }

  /** The store knows everything up to that nonce. */
  stored(nonce: number): void {
    for (const [key, pending] of this.#pending) {
      // They were added in the order of their nonces.
      if (pending > nonce) break;
      this.#pending.delete(key);
    }
  }

  /** What came after that nonce was not evaluated after all. */
  withdraw(nonce: number): void {
    for (const [key, pending] of this.#pending) if (pending > nonce) this.#pending.delete(key);
  }
}
