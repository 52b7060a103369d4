import type { Queued } from '../domain/ledger.ts';
import type { LedgerNode, NodeKind, NodeState, Parcel } from '../domain/node.ts';

/** A row of `nodes`, with the key of its parent. */
export interface NodeRow {
  seq: number;
  key: string;
  parent_key: string | null;
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
  host: string | null;
  nonce: number | null;
  attempts: number;
  error: string | null;
  retry_at: number | null;
  received_at: number;
  scheduled_at: number | null;
  resulted_at: number | null;
  finished_at: number | null;
  plan: string | null;
  item: Buffer | null;
}

export function nodeOf(row: NodeRow): LedgerNode {
  return {
    seq: row.seq,
    key: row.key,
    parent: row.parent_key,
    kind: row.kind,
    state: row.state,
    lane: row.lane,
    emitter: row.emitter,
    target: row.target,
    root: row.root,
    depth: row.depth,
    owner: row.owner,
    trace: row.trace,
    id: row.id,
    host: row.host,
    nonce: row.nonce,
    attempts: row.attempts,
    error: row.error,
    retryAt: row.retry_at,
    receivedAt: row.received_at,
    scheduledAt: row.scheduled_at,
    resultedAt: row.resulted_at,
    finishedAt: row.finished_at,
  };
}

export function parcelOf(row: NodeRow): Parcel {
  return { ...nodeOf(row), item: row.item, plan: row.plan === null ? null : JSON.parse(row.plan) };
}

export function queuedOf({ seq, lane, state }: NodeRow): Queued {
  return { seq, lane, state };
}
