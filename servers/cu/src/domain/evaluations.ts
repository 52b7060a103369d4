import { EMPTY_RESULT, type Outcome } from '../worker/outcome.ts';
import type { Evaluation } from './result-store.ts';
import type { Point, Slot } from './slot.ts';

/** The evaluation of a scheduled message; without an outcome it was a duplicate. */
export function scheduledEvaluation(
  slot: Slot,
  digest: string | undefined,
  outcome: Outcome | undefined,
): Evaluation {
  const { processId, nonce, timestamp, blockHeight, messageId, assignmentId } = slot;
  return {
    ...{ processId, nonce, timestamp, blockHeight, messageId, assignmentId },
    cron: null,
    digest: digest ?? null,
    status: outcome ? statusOf(outcome) : 'duplicate',
    body: outcome?.body ?? EMPTY_RESULT,
  };
}

/** The evaluation of a message that the cron of that id made. */
export function cronEvaluation(
  processId: string,
  cron: string,
  { nonce, timestamp, blockHeight }: Point,
  outcome: Outcome,
): Evaluation {
  return {
    // Crons before the first message of an old process are listed with it.
    ...{ processId, nonce: Math.max(nonce, 0), timestamp, blockHeight, cron },
    messageId: null,
    assignmentId: null,
    digest: null,
    status: statusOf(outcome),
    body: outcome.body,
  };
}

function statusOf({ failed }: Outcome): Evaluation['status'] {
  return failed ? 'failed' : 'ok';
}
