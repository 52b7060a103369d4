import { setTimeout as delay } from 'node:timers/promises';
import { isAoError } from '@ao-ts/core';

export interface RetryPolicy {
  /** Attempts in all. */
  attempts: number;
  /** Wait before the second attempt; doubles each time. */
  firstDelayMs: number;
  maxDelayMs: number;
  signal?: AbortSignal;
}

/** Runs `attempt` again while it fails with an error whose action is `retry`. */
export async function retry<T>(attempt: () => Promise<T>, policy: RetryPolicy): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (n >= policy.attempts || !isAoError(error) || error.action !== 'retry') throw error;
      const wait = Math.min(policy.firstDelayMs * 2 ** (n - 1), policy.maxDelayMs);
      await delay(wait, undefined, policy.signal ? { signal: policy.signal } : {});
    }
  }
}
