import type { Tag } from '@ao-ts/core/ans104';
import type { KnownProcess } from '@ao-ts/server-kit';
import type { Queued } from '../domain/ledger.ts';
import type { LedgerNode, NewNode, Parcel } from '../domain/node.ts';

/** The columns of {@link LedgerNode}, from {@link NODES}. */
export const NODE = `n.seq, n.key, p.key AS parent, n.kind, n.state, n.lane, n.emitter, n.target, n.root, n.depth,
  n.owner, n.trace, n.id, n.host, n.nonce, n.attempts, n.error, n.retry_at AS "retryAt",
  n.received_at AS "receivedAt", n.scheduled_at AS "scheduledAt", n.resulted_at AS "resultedAt",
  n.finished_at AS "finishedAt"`;

/** Each node with the one that caused it. */
export const NODES = 'FROM nodes n LEFT JOIN nodes p ON p.seq = n.parent';

/** {@link NODE} with what is sent; the plan is JSON. */
export type ParcelRow = Omit<Parcel, 'plan'> & { plan: string | null };

export function parcelOf(row: ParcelRow): Parcel {
  return { ...row, plan: row.plan === null ? null : JSON.parse(row.plan) };
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
