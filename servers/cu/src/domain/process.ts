import { AoError, isId } from '@ao-ts/core';
import { type Tag, tagValue, tagValues } from '@ao-ts/core/ans104';
import type { ScheduledProcess } from '@ao-ts/core/schemas';
import { addressOf } from './owner.ts';

/** What never changes about a process. */
export interface Process {
  id: string;
  /** Address. */
  owner: string;
  tags: readonly Tag[];
  signature: string | null;
  anchor: string | null;
  moduleId: string;
  /** Block height and Unix milliseconds at which it was scheduled: the origin of its crons. */
  origin: { blockHeight: number; timestamp: number };
}

/**
 * Reads a process as its scheduler describes it.
 * @throws AoError `PROCESS.TAGS` if the tags are not those of a process
 */
export function readProcess(id: string, scheduled: ScheduledProcess): Process {
  const { tags } = scheduled;
  const requireTag = (name: string, value: string) => {
    if (!tagValues(tags, name).includes(value))
      throw badTags(id, `Tag '${name}' of value '${value}' was not found`);
  };
  requireTag('Data-Protocol', 'ao');
  requireTag('Type', 'Process');
  const moduleId = tagValue(tags, 'Module');
  if (!isId(moduleId)) throw badTags(id, `Tag 'Module' with the id of a module was not found`);
  return {
    id,
    owner: addressOf(scheduled.owner),
    tags,
    signature: scheduled.signature ?? null,
    anchor: scheduled.anchor ?? null,
    moduleId,
    origin: { blockHeight: Number.parseInt(scheduled.block, 10), timestamp: scheduled.timestamp },
  };
}

function badTags(id: string, what: string): AoError {
  return new AoError('PROCESS.TAGS', `${what} on process ${id}.`, {
    action: 'never',
    facts: { processId: id },
  });
}
