import type { Tag } from '@ao-ts/core/ans104';

export type NodeKind = 'message' | 'process' | 'assignment';

/**
 * - `received`: recorded, not yet acknowledged by its scheduler
 * - `unsure`: the scheduler's answer was lost and the client was told so; only looked up, never sent again
 * - `scheduled`: acknowledged, its result is awaited
 * - `resulted`: its result is here and every entry of its outbox is recorded
 * - `done`: every entry of its outbox was delivered (or is dead)
 * - `dead`: can not go on, see its error
 */
export type NodeState = 'received' | 'unsure' | 'scheduled' | 'resulted' | 'done' | 'dead';

/** What an item that is still to be signed holds. Text only, so that it can be kept as JSON. */
export interface ItemPlan {
  target?: string;
  /** 32 bytes of UTF-8. */
  anchor?: string;
  tags: Tag[];
  data: string;
  /** Of a message: processes it is assigned to once it is scheduled. */
  assignTo?: string[];
  /** Of a spawn: the tags its `Spawned` message begins with. */
  reply?: Tag[];
}

export interface AssignmentPlan {
  messageId: string;
  baseLayer: boolean;
  exclude: string[];
}

/** Something to deliver: what a client sent, or an entry of an outbox. */
export interface NewNode {
  /** Says which entry of which outbox this is: the same entry never becomes two nodes. */
  key: string;
  kind: NodeKind;
  /** Nodes of one lane are delivered one after the other, in the order they were recorded. */
  lane: string;
  /** The process whose outbox it came from; absent for what clients sent. */
  emitter?: string;
  /** The process or wallet addressed; empty for a process. */
  target: string;
  /** Value of `Pushed-For`: the id of what a client sent and that caused this. */
  root?: string;
  /** Hops from what the client sent. */
  depth: number;
  /** Address of the client that signed it. */
  owner?: string;
  /** W3C `traceparent` of the request that began it. */
  trace?: string;
  item?: Uint8Array;
  plan?: ItemPlan | AssignmentPlan;
  /** Of the item, once signed; of the assignment, once scheduled. */
  id?: string;
  /** Why it can not be delivered: it is recorded dead. */
  error?: string;
}

export interface LedgerNode {
  seq: number;
  key: string;
  /** Key of the node that caused it. */
  parent: string | null;
  kind: NodeKind;
  state: NodeState;
  lane: string;
  emitter: string | null;
  target: string;
  root: string | null;
  depth: number;
  owner: string | null;
  trace: string | null;
  id: string | null;
  /** Where it was delivered to: base URL of a scheduler or uploader. */
  host: string | null;
  nonce: number | null;
  /** Failed attempts of the current step. */
  attempts: number;
  error: string | null;
  /** Unix ms, all times. */
  retryAt: number | null;
  receivedAt: number;
  scheduledAt: number | null;
  resultedAt: number | null;
  finishedAt: number | null;
}

/** A node together with what is sent. */
export interface Parcel extends LedgerNode {
  item: Uint8Array | null;
  plan: ItemPlan | AssignmentPlan | null;
}
