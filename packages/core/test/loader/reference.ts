import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ReferenceStep {
  readonly result?: Record<string, unknown>;
  readonly error?: unknown;
  /** Size and MD5 of the memory after the message. */
  readonly size?: number;
  readonly hash?: string;
}

export interface ReferenceRun {
  readonly steps: readonly ReferenceStep[];
  /** The memory after the last message that succeeded. */
  readonly memory?: Uint8Array;
}

export interface ReferenceRequest {
  readonly binary: Uint8Array;
  readonly format: string;
  readonly messages: readonly object[];
  readonly environment: object;
  readonly computeLimit?: number;
  /** Give each message the memory the one before returned, instead of leaving it where it is. */
  readonly restore?: boolean;
  /** Return the last memory itself. */
  readonly keepMemory?: boolean;
}

/** Evaluates messages with `@permaweb/ao-loader`, in a process of its own. */
export function runReference(request: ReferenceRequest): Promise<ReferenceRun> {
  const path = fileURLToPath(new URL('./reference-child.mjs', import.meta.url));
  const child = fork(path, {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaints = '';
  child.stderr?.on('data', (chunk) => {
    complaints += chunk;
  });
  const answer = new Promise<ReferenceRun>((resolve, reject) => {
    child.once('message', (message) => resolve(message as ReferenceRun));
    child.once('exit', (code) => reject(new Error(`the reference ended with ${code}: ${complaints}`)));
  });
  child.send({ computeLimit: 9e15, restore: false, ...request });
  return answer.finally(() => child.kill());
}
