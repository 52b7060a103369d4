/**
 * What the caller of a failed operation should do:
 * `retry` — the same request may succeed later; `fix` — change the request; `never` — this can not be done.
 */
export type ErrorAction = 'retry' | 'fix' | 'never';

export interface AoErrorOptions {
  action: ErrorAction;
  /** What was seen: ids, sizes, limits. Serialisable; never a secret. */
  facts?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * The one error class of the domain code. `code` is documented per domain (`ANS104.TRUNCATED`,
 * `SCHEDULE.DUPLICATE`, …); `message` is a sentence a person can act on.
 */
export class AoError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly action: ErrorAction;
  readonly facts: Record<string, unknown>;

  constructor(code: Code, message: string, options: AoErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AoError';
    this.code = code;
    this.action = options.action;
    this.facts = options.facts ?? {};
  }
}

/** True if `error` is an {@link AoError}, optionally one with the given code. */
export function isAoError(error: unknown, code?: string): error is AoError {
  return error instanceof AoError && (code === undefined || error.code === code);
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
