import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const AO = fileURLToPath(new URL('../bin/ao.mjs', import.meta.url));

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** The command as a person runs it: a program of its own, in a folder. */
export function ao(
  args: string[],
  options: { cwd: string; input?: string; env?: Record<string, string>; detached?: boolean },
) {
  const { cwd, detached = false } = options;
  const child = spawn(process.execPath, [AO, ...args], {
    cwd,
    // With it the command and what it starts are a group of processes of their own, as in a terminal.
    detached,
    env: { ...process.env, ...options.env },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  if (options.input !== undefined) child.stdin.end(options.input);
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  return { child, ended, output: () => out };
}
