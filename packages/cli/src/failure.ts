import { AoError } from '@ao-ts/core';
import { shown } from './output.ts';

/** The command's exit codes: 0 is success, 130 that Ctrl-C ended it. */
const FAILED = 1;
const TRY_LATER = 2;

/** One sentence for a person; a stack only for what is a bug of this program. */
export function explain(error: unknown): string {
  // What a process says begins with its own 'error:', in red.
  if (error instanceof AoError) return shown(error.message, false).replace(/^error:\s*/, '');
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `There is no file ${path}.`;
  if (code === 'EISDIR') return `${path ?? 'What was named'} is a folder, and a file is needed.`;
  if (code === 'EACCES') return `${path} may not be read or written by this user.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Says what went wrong, on stderr, and sets the exit code. */
export function fail(error: unknown, json: boolean): void {
  const code = error instanceof AoError ? error.code : undefined;
  const text = explain(error);
  console.error(json ? JSON.stringify({ error: text, code }) : `error: ${text}`);
  process.exitCode = error instanceof AoError && error.action === 'retry' ? TRY_LATER : FAILED;
}
