import { AoError, isAoError } from '../errors.ts';
import type { Host, HostFunctions } from './host.ts';

/**
 * WeaveDrive: lets a process read Arweave as files (`/data/<id>`, `/tx/<id>`, `/block/<height>`). Every call
 * answers at once: a drive that needs the network blocks its worker thread until it has the bytes. What it throws
 * ends the evaluation with `EVAL.DRIVE`; throw an `AoError` of that code to tell whether trying again can help.
 */
export interface Drive {
  /** A positive number that stands for the opened file, or 0 if there is no such file. */
  open(path: string, mode: string): number;
  /** Up to `length` bytes from the file's position on; empty at its end. */
  read(file: number, length: number): Uint8Array;
  close(file: number): void;
}

const PATH_LIMIT = 4096;
const LARGEST_READ = 2 ** 31 - 1;

/** The imports behind `fopen`, `fread` and `fclose` of modules built for WeaveDrive. */
export function drive(host: Host): HostFunctions {
  const attempt = <T>(path: string, action: (drive: Drive) => T, otherwise: T): T => {
    if (!host.drive) return otherwise;
    try {
      return action(host.drive);
    } catch (cause) {
      throw host.fail(isAoError(cause, 'EVAL.DRIVE') ? cause : refusal(path, cause));
    }
  };
  return {
    __asyncjs__weavedrive_open: (path = 0, mode = 0) => {
      const name = host.memory.string(path, PATH_LIMIT);
      if (name === undefined) return 0;
      return attempt(name, (open) => open.open(name, host.memory.string(mode, 16) ?? ''), 0);
    },
    __asyncjs__weavedrive_read: (file = 0, target = 0, length = 0) => {
      const wanted = Math.min(host.memory.unsigned(length), LARGEST_READ);
      const buffer = host.memory.bytes(target, wanted);
      const data = attempt(`file ${file}`, (open) => open.read(file, wanted), new Uint8Array(0));
      buffer.set(data.subarray(0, wanted));
      return Math.min(data.length, wanted);
    },
    __asyncjs__weavedrive_close: (file = 0) => {
      attempt(`file ${file}`, (open) => open.close(file), undefined);
      return 0;
    },
  };
}

function refusal(path: string, cause: unknown): AoError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AoError('EVAL.DRIVE', `WeaveDrive could not serve ${path}: ${reason}`, {
    action: 'retry',
    facts: { path },
    cause,
  });
}
