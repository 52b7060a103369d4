import { AoError, isAoError } from '../errors.ts';
import { FileError } from './errno.ts';
import type { Host, HostFunction, HostFunctions } from './host.ts';

const PATH_LIMIT = 4096;
const LARGEST_READ = 2 ** 31 - 1;

/**
 * The imports behind `fopen`, `fread` and `fclose` of modules built for WeaveDrive. The C library does the rest,
 * `fseek` above all, through `fd_*`: so a file of the drive is an open file like others. All return 0 if they fail.
 */
export function drive(host: Host): HostFunctions {
  return {
    __asyncjs__weavedrive_open: guarded((path = 0) => {
      const name = host.memory.string(path, PATH_LIMIT);
      const content = name === undefined ? undefined : fetched(host, name);
      return content ? host.files.openContent(content) : 0;
    }),
    __asyncjs__weavedrive_read: guarded((descriptor = 0, target = 0, length = 0) => {
      const buffer = host.memory.writable(target, Math.min(host.memory.unsigned(length), LARGEST_READ));
      // Programs seek to the end to learn the size, and read on from there: they expect the file from its start.
      if (host.files.atEnd(descriptor)) host.files.seek(descriptor, 0, 0);
      return host.files.read(descriptor, buffer);
    }),
    __asyncjs__weavedrive_close: guarded((descriptor = 0) => {
      host.files.close(descriptor);
      return 0;
    }),
  };
}

function fetched(host: Host, path: string): Uint8Array | undefined {
  try {
    return host.drive?.open(path);
  } catch (cause) {
    throw host.fail(isAoError(cause, 'EVAL.DRIVE') ? cause : refusal(path, cause));
  }
}

function guarded(call: (...args: number[]) => number): HostFunction {
  return (...args) => {
    try {
      return call(...args);
    } catch (error) {
      if (error instanceof FileError) return 0;
      throw error;
    }
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
