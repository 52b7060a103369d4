import { AoError } from '@ao-ts/core';
import { type Assignment, readAssignmentTags } from '@ao-ts/core/schedule';
import type { ScheduledMessage, ScheduleNode } from '@ao-ts/core/schemas';
import type { CronProgress } from './cron-schedule.ts';
import type { Process } from './process.ts';

/** One place in the schedule of a process. */
export interface Slot extends Assignment {
  assignmentId: string;
  /** Of the message, the transaction assigned, or the process itself. */
  messageId: string;
  /** Null where something already on Arweave was assigned. */
  message: ScheduledMessage | null;
}

/**
 * Reads a slot as the scheduler gives it.
 * @throws AoError `SCHEDULE.ASSIGNMENT`, `SCHEDULE.MISMATCH` if it belongs to another process
 */
export function readSlot(processId: string, { message, assignment }: ScheduleNode): Slot {
  const read = readAssignmentTags(assignment.tags);
  if (read.processId !== processId) {
    throw new AoError(
      'SCHEDULE.MISMATCH',
      `The message belongs to process ${read.processId}, not to ${processId}.`,
      {
        action: 'fix',
        facts: { asked: processId, found: read.processId },
      },
    );
  }
  return {
    ...read,
    assignmentId: assignment.id,
    messageId: message?.id ?? read.messageId ?? processId,
    message,
  };
}

/** What later slots and snapshots need to know of the last slot evaluated. */
export interface Point {
  nonce: number;
  /** Unix milliseconds. */
  timestamp: number;
  blockHeight: number;
  epoch: number;
  assignmentId: string;
  hashChain: string;
  /** Where the crons of the process stand, if it has any. */
  crons?: CronProgress | undefined;
}

/** Before the first slot. */
export function originOf({ origin }: Process): Point {
  return { nonce: -1, ...origin, epoch: 0, assignmentId: '', hashChain: '' };
}

export function pointOf({ nonce, timestamp, blockHeight, epoch, assignmentId, hashChain }: Slot): Point {
  return { nonce, timestamp, blockHeight, epoch, assignmentId, hashChain };
}

/** Of the last message; -1 before the first. */
export function nonceOf(point: Point | undefined): number {
  return point?.nonce ?? -1;
}
