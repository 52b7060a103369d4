import { type Tag, tagValue } from '@ao-ts/core/ans104';
import type { ScheduleNode } from '@ao-ts/core/schemas';
import type { AssignRequest } from '@ao-ts/server-kit';

/** A slot of a process, as far as a messenger looks at it. */
export interface Slot {
  message: Pick<NonNullable<ScheduleNode['message']>, 'id' | 'tags' | 'anchor'> | null;
  assignment: Pick<ScheduleNode['assignment'], 'id' | 'tags'>;
}

/** What a messenger asks of a scheduler, of whatever kind it is. */
export interface Scheduler {
  /**
   * @param sentSince Unix ms, when it may have been sent before: a scheduler that does not recognise a repetition looks first
   * @returns `processId` if a new process has another id than its item
   */
  schedule(
    item: Uint8Array,
    processId: string,
    sentSince?: number,
  ): Promise<{ nonce?: number | undefined; processId?: string }>;
  assign(request: AssignRequest): Promise<{ id: string; nonce?: number | undefined }>;
  process(processId: string): Promise<unknown>;
  /** @param since Unix ms, before which it was surely not scheduled; without, some look at the newest slots only */
  slot(processId: string, id: string, since?: number): Promise<Slot>;
  /** Slots with a higher nonce than `from`, in order. */
  page(
    processId: string,
    range: { from: number; limit: number },
  ): Promise<{ page_info: { has_next_page: boolean }; edges: { node: Slot }[] }>;
}

/** The scheduler at a URL that keeps a process with these tags. */
export type SchedulerFor = (url: string, tags: readonly Tag[]) => Scheduler;

/** True of a process whose scheduler is a HyperBEAM node. */
export function onHyperbeam(tags: readonly Tag[]): boolean {
  return tagValue(tags, 'Variant') === 'ao.N.1';
}
