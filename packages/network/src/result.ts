import { stripVTControlCharacters } from 'node:util';
import { AoError } from '@ao-ts/core';
import type { Tag } from '@ao-ts/core/ans104';

/** An entry of an outbox, as the process wrote it. */
export interface OutboxEntry {
  Target?: string;
  Tags?: Tag[];
  Data?: string;
  Anchor?: string;
}

/** An evaluation as the compute unit answers it. With an `Error` the state did not change and nothing is sent. */
export interface Result {
  Output?: unknown;
  Error?: unknown;
  Messages: OutboxEntry[];
  Spawns: OutboxEntry[];
  Assignments: { Processes: string[]; Message: string }[];
}

/** The value of the first tag with this name. */
export function tagValue(entry: { Tags?: Tag[] } | undefined, name: string): string | undefined {
  return entry?.Tags?.find((tag) => tag.name === name)?.value;
}

/** What an evaluation printed or returned, as text. */
export function outputText(output: unknown): string {
  if (output === undefined || output === null) return '';
  if (typeof output !== 'object') return String(output);
  const { data } = output as { data?: unknown };
  if (data === undefined) return JSON.stringify(output);
  if (typeof data === 'object' && data !== null) {
    const { output: text } = data as { output?: unknown };
    return text === undefined ? JSON.stringify(data) : String(text);
  }
  return String(data);
}

/** The error of an evaluation as text, or undefined if it went well. */
export function errorText(result: Partial<Result>): string | undefined {
  const error = result.Error;
  if (error === undefined || error === null || error === '') return undefined;
  return typeof error === 'string' ? error : JSON.stringify(error);
}

/** What went wrong, without the words around it with which the process library tells of it, and without the call stack. */
export function errorReason(text: string): string {
  const plain = stripVTControlCharacters(text);
  return /\n\nerror:\n(.*?)(?:\nstack traceback:|$)/s.exec(plain)?.[1] ?? text;
}

/** @throws AoError `CLIENT.EVAL` if the evaluation failed, with its error as the message */
export function checkResult(result: Partial<Result>): void {
  const failed = errorText(result);
  if (failed !== undefined) throw new AoError('CLIENT.EVAL', failed, { action: 'fix' });
}
