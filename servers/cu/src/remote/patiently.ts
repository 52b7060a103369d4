import { setTimeout as delay } from 'node:timers/promises';
import { type AoError, isAoError } from '@ao-ts/core';
import { saidNotFound } from '@ao-ts/server-kit';

/** Who asks for what was written a moment ago may be faster than a replica of the scheduler. */
const UNKNOWN_DELAYS_MS = [50, 100, 200, 400];
const TRANSIENT_DELAYS_MS = [200, 400, 800, 1600];

/**
 * Asks another unit again while it is away (a few seconds) or does not know what it is asked for (shorter). Any other
 * refusal is final at once.
 */
export async function patiently<T>(ask: () => Promise<T>, notFound: () => AoError): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const unknown = saidNotFound(error);
      const again = unknown || (isAoError(error) && error.action === 'retry');
      const wait = (unknown ? UNKNOWN_DELAYS_MS : TRANSIENT_DELAYS_MS)[attempt];
      if (!again || wait === undefined) throw unknown ? notFound() : error;
      await delay(wait);
    }
  }
}
