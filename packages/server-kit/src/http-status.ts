import type { AoError } from '@ao-ts/core';

/** Statuses of the codes for which the caller's action alone does not decide. */
const byCode: Record<string, number> = {
  'ACCESS.DENIED': 403,
  'DRYRUN.BUSY': 429,
  'EVAL.EARLIER': 425,
  'EVAL.IN_PROGRESS': 202,
  'EVAL.LIMIT': 413,
  'HTTP.MALFORMED': 502,
  'HTTP.STATUS': 502,
  'HTTP.TIMEOUT': 504,
  'HTTP.UNREACHABLE': 502,
  'LOADER.FORMAT': 422,
  'LOADER.NOT_WASM': 422,
  'LOADER.NO_HANDLE': 422,
  'LOADER.UNKNOWN_IMPORT': 422,
  'LOADER.MEMORY_LIMIT': 413,
  'MODULE.NOT_FOUND': 404,
  'MODULE.TAGS': 422,
  'PROCESS.NOT_FOUND': 404,
  'REQUEST.NOT_FOUND': 404,
  'REQUEST.TOO_LARGE': 413,
  'RATE.LIMITED': 429,
  'SCHEDULE.CHAIN': 422,
  'SCHEDULE.NOT_FOUND': 404,
  'TRANSACTION.NOT_FOUND': 404,
};

const byAction = { fix: 400, retry: 503, never: 422 } as const;

/** The HTTP status of a domain error: by its code, else by what its caller should do. */
export function statusOf(error: AoError): number {
  return byCode[error.code] ?? byAction[error.action];
}
