import type { Snapshot } from '@ao-ts/core/loader';

/** How a snapshot differs from the one before it. Its pages are on memory that all threads see. */
export interface SnapshotChange {
  byteLength: number;
  changed: ReadonlyMap<number, Uint8Array>;
  /** Pages that are all zero now. */
  removed: readonly number[];
}

/**
 * The snapshot with its pages moved to memory that all threads see, so that posting them copies nothing: a snapshot
 * survives the thread that took it, and copies of the process can start from it.
 */
export function shareSnapshot({ byteLength, pages }: Snapshot): Snapshot {
  return { byteLength, pages: new Map([...pages].map(([page, content]) => [page, sharedCopy(content)])) };
}

/** A copy on memory that all threads see. */
export function sharedCopy(content: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(content.length));
  shared.set(content);
  return shared;
}

/** Pages that are the same object in both are unchanged. */
export function snapshotChange(before: Snapshot | undefined, after: Snapshot): SnapshotChange {
  const changed = new Map<number, Uint8Array>();
  for (const [page, content] of after.pages) {
    if (before?.pages.get(page) !== content) changed.set(page, content);
  }
  const removed = [...(before?.pages.keys() ?? [])].filter((page) => !after.pages.has(page));
  return { byteLength: after.byteLength, changed, removed };
}

export function applyChange(before: Snapshot | undefined, change: SnapshotChange): Snapshot {
  const pages = new Map(before?.pages);
  for (const page of change.removed) pages.delete(page);
  for (const [page, content] of change.changed) pages.set(page, content);
  return { byteLength: change.byteLength, pages };
}
