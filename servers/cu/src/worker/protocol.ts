import type { MessagePort } from 'node:worker_threads';
import { AoError } from '@ao-ts/core';
import type { ResidentSpec } from './resident.ts';
import type { SnapshotChange } from './snapshot-change.ts';

/** What the main thread asks of a worker, several at a time. They are worked off in order and each is answered once. */
export type Command =
  /** `snapshots`: whether snapshots are taken, and reported, as time goes by. */
  | { kind: 'open'; resident: number; spec: ResidentSpec; snapshots: boolean }
  /** Unless it is urgent, it is answered together with what comes next. */
  | { kind: 'apply'; resident: number; step: number; message: string; urgent: boolean }
  | { kind: 'peek'; resident: number; message: string }
  | { kind: 'snapshot'; resident: number }
  | { kind: 'follow'; resident: number; step: number; change: SnapshotChange }
  | { kind: 'memory'; resident: number }
  | { kind: 'close'; resident: number };

/** What a worker tells, several at a time; `done` and `failed` answer the oldest command that has no answer. */
export type Report =
  | { kind: 'done'; value: unknown }
  | { kind: 'failed'; error: ErrorData }
  | { kind: 'alive' }
  /** The worker waits until the answer is there; see {@link FileAnswer}. */
  | { kind: 'file'; resident: number; path: string; blockHeight: number }
  | { kind: 'snapshot'; resident: number; step: number; change: SnapshotChange };

/** The answer to `file`, on a port of its own: a worker that waits can read from it. No content: no such file. */
export type FileAnswer = { content: Uint8Array | undefined } | { error: ErrorData };

/** What a worker is started with. */
export interface ThreadData {
  files: MessagePort;
  /** Set to 1, with a notification, when an answer was sent. */
  answered: Int32Array;
  /** Counts commands worked off; their reports may still be on their way. */
  finished: Int32Array;
}

/** An AoError loses its class on the way between threads. */
export interface ErrorData {
  code: string;
  message: string;
  action: AoError['action'];
  facts: Record<string, unknown>;
}

export function errorData(error: unknown): ErrorData {
  if (error instanceof AoError) {
    const { code, message, action, facts } = error;
    return { code, message, action, facts };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'EVAL.INTERNAL', message: text, action: 'retry', facts: {} };
}

export function errorFrom({ code, message, action, facts }: ErrorData): AoError {
  return new AoError(code, message, { action, facts });
}
