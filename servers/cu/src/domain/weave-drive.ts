import { AoError, isId } from '@ao-ts/core';
import { type Tag, tagValue, tagValues } from '@ao-ts/core/ans104';
import type { Module, RunOptions } from './module.ts';
import type { Process } from './process.ts';

/** What WeaveDrive reads of Arweave. */
export interface Weave {
  /** The data of a transaction or item. @throws AoError `TRANSACTION.NOT_FOUND` */
  data(id: string): Promise<Uint8Array>;
  /** A transaction as JSON text, with `ownerAddress` added. */
  transaction(id: string): Promise<Uint8Array>;
  /** A block as JSON text. */
  block(height: number): Promise<Uint8Array>;
  /** Whether one of these owners has published an item with these tags in a block up to `height`. */
  published(tags: readonly Tag[], owners: readonly string[], height: number): Promise<boolean>;
}

export const EXTENSION = 'WeaveDrive';
/** Modules of this format expect the drive without saying so. */
const FORMAT_WITH_DRIVE = 'wasm64-unknown-emscripten-draft_2024_02_15';

export function hasDrive(module: Module, { format }: RunOptions): boolean {
  return format === FORMAT_WITH_DRIVE || tagValues(module.tags, 'Extension').includes(EXTENSION);
}

/**
 * Reads a file for a process. `/data/<id>` needs an attestation that all units see alike, so that they agree on what a
 * message could read: it has to be in a block up to that of the message.
 * @returns undefined if there is no such path
 * @throws AoError `EVAL.DRIVE` if it may not be read, or not now: then the message can not be evaluated
 */
export async function readDrive(
  weave: Weave,
  { process, module }: { process: Process; module: Module },
  path: string,
  blockHeight: number,
): Promise<Uint8Array | undefined> {
  const [, kind, name = '', ...rest] = path.split('/');
  if (rest.length > 0) return undefined;
  try {
    if (kind === 'block' && /^\d{1,9}$/.test(name)) return await weave.block(Number(name));
    if (!isId(name)) return undefined;
    if (kind === 'tx') return await weave.transaction(name);
    if (kind !== 'data') return undefined;
    if (!(await admissible(weave, process, module, name, blockHeight)))
      throw refused(path, 'it is not attested');
    return await weave.data(name);
  } catch (cause) {
    if (cause instanceof AoError && cause.code === 'EVAL.DRIVE') throw cause;
    throw refused(path, (cause as Error).message, cause);
  }
}

async function admissible(
  weave: Weave,
  process: Process,
  module: Module,
  id: string,
  blockHeight: number,
): Promise<boolean> {
  if (tagValue(process.tags, 'On-Boot') === id) return true;
  if (
    ![...process.tags, ...module.tags].some(({ name, value }) => name === 'Extension' && value === EXTENSION)
  )
    return false;
  const mode =
    tagValue(process.tags, 'Availability-Type') ??
    tagValue(module.tags, 'Availability-Type') ??
    'Assignments';
  if (mode === 'Library') throw refused(id, 'Availability-Type Library is not supported');
  const owners = [...tagValues(process.tags, 'Scheduler'), ...tagValues(process.tags, 'Attestor')];
  const attestation = [
    { name: 'Type', value: 'Attestation' },
    { name: 'Message', value: id },
    { name: 'Data-Protocol', value: 'ao' },
  ];
  if (await weave.published(attestation, owners, blockHeight)) return true;
  if (mode !== 'Individual') return false;
  const available = [
    { name: 'Type', value: 'Available' },
    { name: 'ID', value: id },
    { name: 'Data-Protocol', value: 'WeaveDrive' },
  ];
  return weave.published(available, owners, blockHeight);
}

function refused(path: string, reason: string, cause?: unknown): AoError {
  return new AoError(
    'EVAL.DRIVE',
    `WeaveDrive can not serve ${path}: ${reason.replace(/\.$/, '')}. The message waits until it can be read.`,
    { action: 'retry', facts: { path }, cause },
  );
}
