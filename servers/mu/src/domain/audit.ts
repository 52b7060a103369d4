import { AoError, isAoError } from '@ao-ts/core';
import { tagValue } from '@ao-ts/core/ans104';
import { readAssignmentTags } from '@ao-ts/core/schedule';
import { type ProcessDirectory, saidNotFound } from '@ao-ts/server-kit';
import type { Ledger } from './ledger.ts';
import type { AssignmentPlan, ItemPlan, LedgerNode, NewNode } from './node.ts';
import type { Outboxes } from './outboxes.ts';
import type { Scheduler, SchedulerFor, Slot } from './scheduler.ts';

export interface Finding {
  /** Key of the entry, as `push` and the other routes know it. */
  key: string;
  kind: NewNode['kind'];
  target: string;
  /** Id of the message, assignment or process whose outbox it is in. */
  source: string;
  reason: string;
}

export interface AuditReport {
  /** Slots of the process whose results were looked at. */
  slots: number;
  /** Entries of their outboxes. */
  entries: number;
  missing: Finding[];
  /** Nonce to go on from; absent when the newest slot was reached. */
  next?: number;
}

interface Ports {
  ledger: Ledger;
  outboxes: Outboxes;
  directory: ProcessDirectory;
  schedulerFor: SchedulerFor;
}

type Schedulers = Pick<Ports, 'directory' | 'schedulerFor'>;

const SLOTS_PER_AUDIT = 100;
const PAGE = 500;

/** Compares what a process emitted, according to the Compute Unit, with what schedulers hold, and names what is missing. */
export class Audit {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Looks at the slots from `fromNonce` on, a bounded number of them. */
  async run(processId: string, fromNonce: number): Promise<AuditReport> {
    const { outboxes } = this.#ports;
    const scheduler = await schedulerOf(processId, this.#ports);
    const page = await scheduler.page(processId, { from: fromNonce - 1, limit: SLOTS_PER_AUDIT });
    const delivered = new DeliveredMessages(this.#ports, processId);
    const report: AuditReport = { slots: page.edges.length, entries: 0, missing: [] };
    for (const { node } of page.edges) {
      const source = node.message?.id ?? node.assignment.id;
      const kind = source === processId ? 'process' : 'message';
      const entries = await outboxes.causedBy({
        kind,
        target: processId,
        id: source,
        nonce: nonceOf(node),
        root: null,
        trace: null,
        depth: 0,
      });
      for (const entry of entries) {
        report.entries += 1;
        const reason = await this.#missing(entry, delivered);
        if (reason === undefined) continue;
        const { key, target } = entry;
        report.missing.push({ key, kind: entry.kind, target, source, reason });
      }
    }
    const last = page.edges.at(-1);
    if (last && page.page_info.has_next_page) report.next = nonceOf(last.node) + 1;
    return report;
  }

  /** Why an entry is missing; undefined if it is where it should be. */
  async #missing(entry: NewNode, delivered: DeliveredMessages): Promise<string | undefined> {
    const node = await this.#ports.ledger.find(entry.key);
    if (node && node.scheduledAt === null) return node.error ?? `not delivered yet (${node.state})`;
    if (entry.error !== undefined) return entry.error;
    if (node) return this.#vanished(node);
    switch (entry.kind) {
      case 'message':
        return delivered.has(entry.target, (entry.plan as ItemPlan).anchor ?? '');
      case 'assignment':
        return this.#atScheduler(entry.target, (entry.plan as AssignmentPlan).messageId);
      case 'process':
        return 'not known to this messenger; a `Spawned` message tells whether another one spawned it';
    }
  }

  // What the scheduler acknowledged must still be there.
  #vanished({ id, kind, target, host, receivedAt }: LedgerNode): Promise<string | undefined> | undefined {
    if (id === null || host === null) return undefined;
    return this.#atScheduler(kind === 'process' ? id : target, id, receivedAt);
  }

  async #atScheduler(processId: string, id: string, since?: number): Promise<string | undefined> {
    try {
      await (await schedulerOf(processId, this.#ports)).slot(processId, id, since);
      return undefined;
    } catch (error) {
      if (isWallet(error)) return undefined;
      if (!saidNotFound(error)) throw error;
      return 'its scheduler does not have it';
    }
  }
}

/** The messages of one process that are in the schedules of others, read once per target. */
class DeliveredMessages {
  readonly #ports: Schedulers;
  readonly #sender: string;
  readonly #anchors = new Map<string, Promise<Set<string> | undefined>>();

  constructor(ports: Schedulers, sender: string) {
    this.#ports = ports;
    this.#sender = sender;
  }

  async has(target: string, anchor: string): Promise<string | undefined> {
    let anchors = this.#anchors.get(target);
    if (!anchors) {
      anchors = this.#read(target);
      this.#anchors.set(target, anchors);
    }
    const known = await anchors;
    if (known === undefined || known.has(anchor)) return undefined;
    return 'its scheduler does not have it';
  }

  /** Undefined if the target is a wallet. */
  async #read(target: string): Promise<Set<string> | undefined> {
    let scheduler: Scheduler;
    try {
      scheduler = await schedulerOf(target, this.#ports);
    } catch (error) {
      if (isWallet(error)) return undefined;
      throw error;
    }
    const anchors = new Set<string>();
    for (let from = -1; ; ) {
      const page = await scheduler.page(target, { from, limit: PAGE });
      for (const { node } of page.edges) {
        const { message } = node;
        if (message && tagValue(message.tags, 'From-Process') === this.#sender)
          anchors.add(message.anchor ?? '');
      }
      const last = page.edges.at(-1);
      if (!last || !page.page_info.has_next_page) return anchors;
      const next = nonceOf(last.node);
      if (next <= from) throw malformed(target);
      from = next;
    }
  }
}

function malformed(processId: string): AoError {
  const message = `The scheduler of ${processId} gives the same slots again and again, instead of the next ones.`;
  return new AoError('HTTP.MALFORMED', message, { action: 'retry' });
}

function isWallet(error: unknown): boolean {
  return isAoError(error, 'PROCESS.NOT_FOUND');
}

async function schedulerOf(processId: string, { directory, schedulerFor }: Schedulers): Promise<Scheduler> {
  const { schedulerUrl, tags } = await directory.find(processId);
  return schedulerFor(schedulerUrl, tags);
}

function nonceOf(node: Slot): number {
  return readAssignmentTags(node.assignment.tags).nonce;
}
