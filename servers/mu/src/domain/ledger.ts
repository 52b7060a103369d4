import type { KnownProcess } from '@ao-ts/server-kit';
import type { LedgerNode, NewNode, NodeKind, Parcel } from './node.ts';

/** The acknowledgement of a delivery. */
export interface Delivered {
  /** Message, process or assignment id. */
  id: string;
  /** Base URL of who acknowledged. */
  host: string;
  nonce?: number;
  /** False for what has no result to wait for: messages to wallets, `Cast`. */
  awaitsResult: boolean;
  /** What the delivery itself causes: the `Spawned` message, assignments that were asked for. */
  children: NewNode[];
  /** Of a process: what will be asked about it again and again. */
  process?: KnownProcess;
}

/** What there is to go on with, in the order of recording. */
export type Queued = Pick<
  LedgerNode,
  'seq' | 'lane' | 'state' | 'kind' | 'target' | 'id' | 'nonce' | 'root' | 'trace' | 'depth'
>;

export interface Monitor {
  processId: string;
  /** The last cron result whose outbox is recorded; null before the first one. */
  cursor: string | null;
  /** False until it is known where "from now" is. */
  started: boolean;
  /** In a row. */
  failures: number;
  error: string | null;
  /** Unix ms, since when it has failed. */
  failingSince: number | null;
  /** Unix ms, when it was given up; it goes on where it was once monitoring is asked for again. */
  endedAt: number | null;
}

export interface InheritedWork {
  nodes: Queued[];
  /** Ids of processes to monitor. */
  monitors: string[];
}

/** The durable record of everything that is on its way. A promise settles when its write is on disk. */
export interface Ledger {
  /** Records what a client sent; if it is known already, gives what is known. */
  accept(root: NewNode): Promise<{ node: LedgerNode; created: boolean }>;
  /** Keeps the signed bytes of a node. False if it has some: the first ones that come are its bytes. */
  built(seq: number, id: string, item: Uint8Array): Promise<boolean>;
  /** Marks a node delivered and records what follows. Empty if it was marked before. */
  scheduled(seq: number, delivered: Delivered): Promise<Queued[] | undefined>;
  /**
   * Records the outbox of a node together with the fact that it has a result.
   * @throws AoError `OUTBOX.EARLIER` while another unit of the same ledger waits for an earlier result of that process
   */
  resulted(seq: number, children: readonly NewNode[]): Promise<Queued[]>;
  /** Records single entries of an outbox that are not there yet. */
  record(children: readonly NewNode[], parent: number | null): Promise<Queued[]>;
  unsure(seq: number): Promise<void>;
  failed(seq: number, error: string, retryAt: number): Promise<void>;
  dead(seq: number, error: string): Promise<void>;
  /** Puts a dead node back to where it failed; empty if another unit goes on with it. Undefined if it is not dead. */
  revive(key: string): Promise<Queued[] | undefined>;
  /** Removes a root that was refused: whoever sent it was told. */
  forget(seq: number): Promise<void>;
  /** Removes up to `limit` nodes that were finished before a time (Unix ms), and says how many. */
  prune(before: number, limit: number): Promise<number>;

  get(seq: number): Promise<Parcel | undefined>;
  find(idOrKey: string): Promise<LedgerNode | undefined>;
  /** Nodes of a kind that are about a process, newest first. */
  about(processId: string, kind: NodeKind, page: { offset: number; limit: number }): Promise<LedgerNode[]>;
  /** Processes scheduled through this unit, newest first. */
  processes(limit: number): Promise<{ id: string; known: KnownProcess }[]>;
  /** `pending` will be delivered or has a result to come; `unsure` is only looked up. */
  counts(): Promise<{ pending: number; unsure: number; dead: number }>;
  /** How many have that root (`Pushed-For`), counted up to `most`. */
  countCausedBy(root: string, most: number): Promise<number>;
  /** The node with that id (or key) and everything it caused, in order, after a sequence number. */
  tree(idOrKey: string, page: { after: number; limit: number }): Promise<LedgerNode[]>;
  /** Entries of the outbox of a process that are not delivered. */
  undelivered(emitter: string, page: { after: number; limit: number }): Promise<LedgerNode[]>;
  /** Everything that can not go on, oldest first. */
  allDead(page: { after: number; limit: number }): Promise<LedgerNode[]>;

  monitor(processId: string): Promise<Monitor | undefined>;
  /** All of them, those that were given up included, by process after a process id. */
  monitors(page: { after: string; limit: number }): Promise<Monitor[]>;
  /** Also takes up one that was given up. False if it is monitored already. */
  addMonitor(processId: string): Promise<boolean>;
  /** False if it was not monitored. */
  removeMonitor(processId: string): Promise<boolean>;
  /** Records the outbox of cron results together with the cursor behind them. */
  advance(processId: string, cursor: string | null, children: readonly NewNode[]): Promise<Queued[]>;
  /** Ends the monitor for good if it has failed since before a time (Unix ms). True if it did. */
  monitorFailed(processId: string, error: string, endBefore: number): Promise<boolean>;

  /**
   * Calls back with what this unit has to go on with, in order: at once what was not finished, later what other units of
   * the same ledger leave to this one because they are gone, or because it holds the lane.
   */
  follow(take: (work: InheritedWork) => void): Promise<void>;

  close(): Promise<void>;
}
