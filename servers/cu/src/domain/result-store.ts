/** One evaluation as it is kept for ever. */
export interface Evaluation {
  processId: string;
  /** Of the message; for a cron message, of the scheduled message to its left. */
  nonce: number;
  /** Unix milliseconds. */
  timestamp: number;
  /** `<index>-<interval>` for cron messages, else null. */
  cron: string | null;
  blockHeight: number;
  /** Absent for cron messages. */
  messageId: string | null;
  assignmentId: string | null;
  /** Of the content of a pushed message, to recognise it if it comes again. */
  digest: string | null;
  /** Failed evaluations are results, but not listed; duplicates were not evaluated. */
  status: 'ok' | 'failed' | 'duplicate';
  /** The result as `/result` answers it: JSON text. */
  body: string;
}

/** A place in the list of results. Without `nonce`, all of that millisecond is meant. */
export interface Place {
  timestamp: number;
  nonce?: number;
  cron?: string | null;
}

export interface ResultQuery {
  processId: string;
  only: 'all' | 'cron';
  /** The older end, whatever the order: exclusive if it names a nonce, else inclusive. */
  from: Place | undefined;
  /** The newer end, inclusive. */
  to: Place | undefined;
  descending: boolean;
  limit: number;
}

/** Keeps results. What is stored never changes: the first write wins. */
export interface ResultStore {
  /** By the id of a message or of its assignment; of several evaluations of one message, the first. */
  find(processId: string, id: string): Promise<Evaluation | undefined>;
  /** The evaluation of the scheduled message with that nonce. */
  at(processId: string, nonce: number): Promise<Evaluation | undefined>;
  /** The highest nonce with an evaluation. */
  newestNonce(processId: string): Promise<number | undefined>;
  /** Whether something with that message id or digest was evaluated before the given nonce. */
  evaluatedBefore(
    processId: string,
    key: { messageId: string } | { digest: string },
    nonce: number,
  ): Promise<boolean>;
  /** Successful evaluations in the order (timestamp, nonce, cron), scheduled messages before cron messages. */
  list(query: ResultQuery): Promise<Evaluation[]>;
  /**
   * All or none of them. Resolves, once they would survive a crash, to the bodies the store holds, in the same order:
   * where there was one before, that one.
   */
  save(evaluations: readonly Evaluation[]): Promise<string[]>;
}
