import { AoError } from '../errors.ts';

export interface HandleOutput {
  readonly ok: boolean;
  /** The result if `ok`, otherwise the error: often a string of Lua. */
  readonly response: unknown;
}

/** Parses what `Instance.handle` returns. Throws `EVAL.OUTPUT_NOT_JSON`. */
export function parseOutput(text: string): HandleOutput {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !('ok' in value)) throw notJson(text);
  return { ok: Boolean(value.ok), response: 'response' in value ? value.response : undefined };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notJson(text, cause);
  }
}

function notJson(text: string, cause?: unknown): AoError {
  return new AoError('EVAL.OUTPUT_NOT_JSON', 'The module did not return the JSON of a result.', {
    action: 'never',
    facts: { start: text.slice(0, 200), length: text.length },
    cause,
  });
}
