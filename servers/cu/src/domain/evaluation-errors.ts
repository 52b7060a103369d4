import { AoError } from '@ao-ts/core';

/** The memory is beyond what was asked for, and its result is not stored. */
export function earlier(nonce: number, latest: number): AoError {
  return new AoError(
    'EVAL.EARLIER',
    `message at nonce ${nonce} not found cached, and earlier than latest known nonce ${latest}`,
    { action: 'never', facts: { nonce, latest } },
  );
}

export function earlierTime(timestamp: number, latest: number): AoError {
  return new AoError(
    'EVAL.EARLIER',
    `message at timestamp ${timestamp} not found cached, and earlier than latest known nonce ${latest}`,
    { action: 'never', facts: { timestamp, latest } },
  );
}

export function notScheduled(processId: string, nonce: number): AoError {
  return new AoError(
    'SCHEDULE.NOT_FOUND',
    `The schedule of process ${processId} has no nonce ${nonce} yet.`,
    {
      action: 'fix',
      facts: { processId, nonce },
    },
  );
}

export function hydrating(processId: string, limit: number, remaining: number): AoError {
  return new AoError(
    'EVAL.HYDRATING',
    `Nonce limit exceeded: process ${processId} is currently hydrating with >${limit} nonces remaining (${remaining} remaining). Please try again later.`,
    { action: 'retry', facts: { processId, limit, remaining } },
  );
}

export function stopping(): AoError {
  return new AoError('UNIT.STOPPING', 'The unit stops; ask again when it is back.', { action: 'retry' });
}
