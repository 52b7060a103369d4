/** The order to upload one slot. */
export interface PendingUpload {
  /** Order of arrival. */
  sequence: number;
  /** Failed attempts so far. */
  attempts: number;
}

export interface UploadBytes {
  /** The item as received; null for an assignment of something already on Arweave. */
  item: Uint8Array | null;
  assignment: Uint8Array;
}

/** The ids that the upload of one slot puts on Arweave. */
export interface ScheduledIds {
  sequence: number;
  /** Unix ms of the slot. */
  timestamp: number;
  /** Absent for an assignment of something already on Arweave. */
  itemId: string | null;
  assignmentId: string;
}

/** The uploads that slots left to be done. Orders are written by the schedule store, with the slot. */
export interface UploadOutbox {
  /** The oldest uploads whose time has come (`now` in Unix ms). */
  due(now: number, limit: number): Promise<PendingUpload[]>;
  /** Gives back uploads that were due and not attempted. */
  release(sequences: readonly number[]): Promise<void>;
  load(sequence: number): Promise<UploadBytes>;
  done(sequences: readonly number[]): Promise<void>;
  /** Puts an upload off until `notBefore` (Unix ms) and counts the attempt. */
  postpone(sequence: number, notBefore: number): Promise<void>;
  /** When the next upload is due (Unix ms), or undefined if there is none. */
  nextDue(): Promise<number | undefined>;
  depth(): Promise<number>;

  /** What was ever scheduled, uploaded or not, in order of arrival after `sequence`. */
  scheduledAfter(sequence: number, limit: number): Promise<ScheduledIds[]>;
  /** Orders uploads once more; those that are still to be done stay as they are. */
  again(sequences: readonly number[]): Promise<void>;
}
