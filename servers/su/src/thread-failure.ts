import { AoError, type ErrorAction, errorMessage } from '@ao-ts/core';

/** An error on its way between threads, where an AoError would lose its class. */
export interface Failure {
  code: string;
  message: string;
  action: ErrorAction;
  facts: Record<string, unknown>;
}

export function toFailure(error: unknown): Failure {
  if (!(error instanceof AoError)) {
    return { code: 'THREAD.FAILED', message: errorMessage(error), action: 'retry', facts: {} };
  }
  const { code, message, action, facts } = error;
  return { code, message, action, facts };
}

export function fromFailure({ code, message, action, facts }: Failure): AoError {
  return new AoError(code, message, { action, facts });
}
