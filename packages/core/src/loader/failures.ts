import { AoError } from '../errors.ts';

/**
 * Codes of the errors the loader throws.
 *
 * `LOADER.*`: the module can not be used. `NOT_WASM` (not a binary, truncated, malformed), `FORMAT` (unknown
 * Module-Format), `UNKNOWN_IMPORT` (imports named in the facts), `NO_HANDLE` (no usable `handle` export),
 * `MEMORY_LIMIT` (needs or took more memory than allowed), `BOOT` (failed before the first message),
 * `RESTORE` (a snapshot that does not fit this instance or is damaged), `OPTION` (an option that can not be met).
 *
 * `EVAL.*`: this one evaluation failed. `TRAP`, `OUT_OF_GAS`, `EXIT` (the program ended itself; `facts.status`),
 * `OUTPUT_NOT_JSON`, `DRIVE` (WeaveDrive refused or could not read), `POISONED` (the instance failed before and
 * must be discarded).
 */
export type LoaderErrorCode =
  | 'LOADER.NOT_WASM'
  | 'LOADER.FORMAT'
  | 'LOADER.UNKNOWN_IMPORT'
  | 'LOADER.NO_HANDLE'
  | 'LOADER.MEMORY_LIMIT'
  | 'LOADER.BOOT'
  | 'LOADER.RESTORE'
  | 'LOADER.OPTION'
  | 'EVAL.TRAP'
  | 'EVAL.OUT_OF_GAS'
  | 'EVAL.EXIT'
  | 'EVAL.OUTPUT_NOT_JSON'
  | 'EVAL.DRIVE'
  | 'EVAL.POISONED';

/** The program did something it may not: the evaluation ends here. */
export function trap(message: string, facts: Record<string, unknown> = {}, cause?: unknown): AoError {
  return new AoError('EVAL.TRAP', message, { action: 'never', facts, cause });
}

/** The program ended itself with `exit(status)`. The text is what clients of the network see. */
export function exited(status: number): AoError {
  return new AoError('EVAL.EXIT', `Program terminated with exit(${status})`, {
    action: 'never',
    facts: { status },
  });
}

/** The text is what clients of the network see. */
export function outOfGas(used: number, limit: number): AoError {
  return new AoError('EVAL.OUT_OF_GAS', 'out of gas!', { action: 'never', facts: { used, limit } });
}

export function memoryLimit(bytes: number, limit: number): AoError {
  return new AoError('LOADER.MEMORY_LIMIT', `${bytes} bytes of memory are more than the limit of ${limit}.`, {
    action: 'fix',
    facts: { bytes, limit },
  });
}
