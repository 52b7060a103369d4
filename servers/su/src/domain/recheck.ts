import type { UploadOutbox } from './upload-outbox.ts';

export interface RecheckOptions {
  outbox: UploadOutbox;
  /** True if a transaction or item is on Arweave. */
  onArweave: (id: string) => Promise<boolean>;
  /** Slots before this time (Unix ms) are left alone. */
  since: number;
}

const BATCH = 64;

/**
 * Compares what was scheduled with what is on Arweave, and orders anew the uploads of what is not.
 * Gives how many slots were looked at and how many were ordered.
 */
export async function recheckUploads(options: RecheckOptions): Promise<{ checked: number; missing: number }> {
  const { outbox, onArweave, since } = options;
  let checked = 0;
  let missing = 0;
  for (let after = 0; ; ) {
    const batch = await outbox.scheduledAfter(after, BATCH);
    const last = batch.at(-1);
    if (!last) return { checked, missing };
    after = last.sequence;
    const recent = batch.filter(({ timestamp }) => timestamp >= since);
    const present = await Promise.all(
      recent.map(async ({ itemId, assignmentId }) => {
        if (!(await onArweave(assignmentId))) return false;
        return itemId === null || onArweave(itemId);
      }),
    );
    const lost = recent.filter((_ids, index) => !present[index]).map(({ sequence }) => sequence);
    if (lost.length > 0) await outbox.again(lost);
    checked += recent.length;
    missing += lost.length;
  }
}
