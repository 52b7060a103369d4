import type { AoError } from '@ao-ts/core';
import { statusOf as commonStatusOf } from '@ao-ts/server-kit';

/** Clients of Scheduler Units rely on 400 for whatever they asked wrongly, "not found" included. */
export function statusOf(error: AoError): number {
  const status = commonStatusOf(error);
  return status === 404 || status === 422 ? 400 : status;
}
