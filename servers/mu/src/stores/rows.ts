import type { Tag } from '@ao-ts/core/ans104';
import type { KnownProcess } from '@ao-ts/server-kit';
import type { Queued } from '../domain/ledger.ts';
import type { LedgerNode, NewNode, NodeKind, NodeState, Parcel } from '../domain/node.ts';

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

/** The columns of {@link Queued}. */
export const QUEUED = 'seq, lane, state, kind, target, id, nonce, root, trace, depth';

/** The columns of {@link Monitor}. */
export const MONITOR = `process_id AS "processId", cursor, started, failures, error,
  failing_since AS "failingSince", ended_at AS "endedAt"`;

/** A node that was just recorded. */
export function queuedOf(node: NewNode, seq: number): Queued {
  const { lane, kind, target, id = null, root = null, trace = null, depth } = node;
  return { seq, lane, state: 'received', kind, target, id, nonce: null, root, trace, depth };
}

/** The columns of a new node. */
export function valuesOf(node: NewNode, parent: number | null, now: number) {
  const dead = node.error !== undefined;
  return {
    key: node.key,
    parent,
    kind: node.kind,
    state: dead ? 'dead' : 'received',
    lane: node.lane,
    emitter: node.emitter ?? null,
    target: node.target,
    root: node.root ?? null,
    depth: node.depth,
    owner: node.owner ?? null,
    trace: node.trace ?? null,
    id: node.id ?? null,
    error: node.error ?? null,
    received_at: now,
    finished_at: dead ? now : null,
    plan: node.plan ? JSON.stringify(node.plan) : null,
    item: node.item ?? null,
  };
}

/** A row of `processes`. */
export interface ProcessRow {
  id: string;
  scheduler_url: string;
  tags: string;
}

export function processOf({ id, scheduler_url, tags }: ProcessRow): { id: string; known: KnownProcess } {
  return { id, known: { schedulerUrl: scheduler_url, tags: JSON.parse(tags) as Tag[] } };
}
