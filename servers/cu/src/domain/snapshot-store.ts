import type { Snapshot } from '@ao-ts/core/loader';
import type { Point } from './slot.ts';

/** The memory of a process after the evaluation of a certain slot. */
export interface StoredSnapshot {
  snapshot: Snapshot;
  point: Point;
}

/** Keeps memories, so that a process need not be evaluated from its beginning. Losing one costs time, never results. */
export interface SnapshotStore {
  /** Pages that are the same objects as in the snapshot saved before are not written again. */
  save(processId: string, stored: StoredSnapshot): Promise<void>;
  /** The newest one that is whole and not beyond that nonce. */
  newest(processId: string, upTo: number): Promise<StoredSnapshot | undefined>;
  /** The process is no longer in memory. */
  release(processId: string): void;
}
