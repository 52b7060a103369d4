import { isAoError } from '@ao-ts/core';
import type { DataItem } from '@ao-ts/core/ans104';
import { type Assignment, firstHashChain, nextHashChain, readAssignmentTags } from '@ao-ts/core/schedule';
import { contentHash } from './content-hash.ts';
import type { ScheduleStore } from './schedule-store.ts';
import { headOf, type Slot } from './slot.ts';

/** What a gateway has of this scheduler. */
export interface Archive {
  /** Assignments that this scheduler signed, the newest first; at least those of blocks from `fromHeight` on. */
  assignments(fromHeight: number): AsyncIterable<DataItem>;
  /** The item with that id, or undefined if there is none that can be had whole. */
  item(id: string): Promise<DataItem | undefined>;
}

export interface Recovered {
  slots: number;
  processes: number;
  /** Why a process could not be brought up to date, one sentence each. */
  problems: string[];
}

/** Schedulers with one key may see different heights at a time. */
const HEIGHT_MARGIN = 10;

interface Signed {
  item: DataItem;
  assignment: Assignment;
}

/**
 * Brings a restored copy up to date: slots that were given after it was made are read back from Arweave and
 * stored as they were signed. The scheduler must not run meanwhile, and must not have run on the copy.
 * Each slot continues the hash chain of the one before, or its process is left as it is from there.
 */
export async function recover(store: ScheduleStore, archive: Archive): Promise<Recovered> {
  const newest = await store.newest();
  const fromHeight = newest ? Math.max(headOf(newest).blockHeight - HEIGHT_MARGIN, 0) : 0;
  const found = new Map<string, Signed[]>();
  for await (const item of archive.assignments(fromHeight)) {
    const assignment = readAssignmentTags(item.tags);
    const known = found.get(assignment.processId);
    if (known) known.push({ item, assignment });
    else found.set(assignment.processId, [{ item, assignment }]);
  }
  const recovered: Recovered = { slots: 0, processes: 0, problems: [] };
  for (const [processId, signed] of found) {
    const { slots, problem } = await recoverProcess(processId, signed, store, archive);
    recovered.slots += slots;
    if (slots > 0) recovered.processes++;
    if (problem !== undefined) recovered.problems.push(`${processId}: ${problem}`);
  }
  return recovered;
}

async function recoverProcess(
  processId: string,
  signed: Signed[],
  store: ScheduleStore,
  archive: Archive,
): Promise<{ slots: number; problem?: string }> {
  signed.sort((a, b) => a.assignment.nonce - b.assignment.nonce);
  const latest = await store.latest(processId);
  let head = latest && headOf(latest);
  let slots = 0;
  await store.hold(processId);
  try {
    for (const { item, assignment } of signed) {
      const { nonce, hashChain, timestamp } = assignment;
      if (head && nonce <= head.nonce) {
        if ((await store.slot(processId, nonce))?.assignmentId === item.id) continue;
        return {
          slots,
          problem: `slot ${nonce} is another one on Arweave: its scheduler ran on an old copy.`,
        };
      }
      if (nonce !== (head?.nonce ?? -1) + 1) {
        return { slots, problem: `slot ${(head?.nonce ?? -1) + 1} is not on Arweave, but slot ${nonce} is.` };
      }
      if (hashChain !== (head ? nextHashChain(head) : firstHashChain(processId))) {
        return { slots, problem: `slot ${nonce} does not continue slot ${nonce - 1}.` };
      }
      const what = await recoverContent(assignment, archive);
      if (what === undefined) return { slots, problem: `the process itself is not on Arweave.` };
      const slot = { processId, nonce, timestamp, assignmentId: item.id, assignment: item.raw };
      await store.append({ ...slot, ...what.scheduled }, what.contentHash);
      head = headOf({ ...slot, ...what.scheduled });
      slots++;
    }
    return { slots };
  } catch (error) {
    if (isAoError(error, 'SCHEDULE.DUPLICATE')) return { slots, problem: error.message };
    throw error;
  } finally {
    store.letGo(processId);
  }
}

/** The item that a slot was given to; an assignment of something else has only its id. Undefined if there is no process. */
async function recoverContent(
  { processId, messageId = processId }: Assignment,
  archive: Archive,
): Promise<{ scheduled: Pick<Slot, 'itemId' | 'item'>; contentHash?: Uint8Array } | undefined> {
  const item = await archive.item(messageId);
  if (messageId === processId) return item && { scheduled: { itemId: processId, item: item.raw } };
  if (item?.targetId !== processId) return { scheduled: { itemId: messageId, item: null } };
  const pushed = item.tag('From-Process') !== undefined;
  return {
    scheduled: { itemId: messageId, item: item.raw },
    ...(pushed ? { contentHash: contentHash(item) } : {}),
  };
}
