import { GroupCommit, openSqlite, type Sqlite } from '@ao-ts/server-kit';
import type { Delivered, InheritedWork, Ledger, Monitor, Queued } from '../domain/ledger.ts';
import type { LedgerNode, NewNode, NodeKind, Parcel } from '../domain/node.ts';
import { type ParcelRow, type ProcessRow, parcelOf, processOf, queuedOf, valuesOf } from './rows.ts';
import { migrations } from './sqlite-migrations.ts';
import { prepare, type Statements } from './sqlite-statements.ts';

/** SQLite has no booleans. */
type MonitorRow = Omit<Monitor, 'started'> & { started: number };

type Revivable = Pick<LedgerNode, 'seq' | 'state' | 'scheduledAt'> & { empty: number };

const monitorOf = (row: MonitorRow): Monitor => ({ ...row, started: row.started === 1 });

/**
 * The ledger in one SQLite file. Synced to the disk is what was promised to a client, and signed bytes before they are
 * sent; whatever else the machine may forget as it goes down is found out again by asking the other units.
 */
export class SqliteLedger implements Ledger {
  readonly #db: Sqlite;
  readonly #commit: GroupCommit;
  readonly #sql: Statements;
  readonly #clock: () => number;

  constructor(path: string, clock: () => number) {
    this.#db = openSqlite(path, migrations);
    this.#commit = new GroupCommit(this.#db);
    this.#sql = prepare(this.#db);
    this.#clock = clock;
  }

  accept(root: NewNode): Promise<{ node: LedgerNode; created: boolean }> {
    return this.#commit.write(() => {
      const created = this.#insert(root, null) !== undefined;
      return { node: this.#sql.byKey.get(root.key) as LedgerNode, created };
    });
  }

  built(seq: number, id: string, item: Uint8Array): Promise<boolean> {
    return this.#commit.write(() => this.#sql.built.run({ seq, id, item }).changes > 0);
  }

  scheduled(seq: number, delivered: Delivered): Promise<Queued[] | undefined> {
    const { id, host, nonce = null, awaitsResult, children, process } = delivered;
    return this.#record(children, () => {
      const state = awaitsResult ? 'scheduled' : 'resulted';
      const now = this.#clock();
      if (this.#sql.scheduled.run({ seq, id, host, nonce, state, now }).changes === 0) return undefined;
      if (process) {
        this.#sql.remember.run({ id, url: process.schedulerUrl, tags: JSON.stringify(process.tags) });
      }
      this.#sql.parentDelivered.run({ seq, now });
      return this.#insertAll(seq, children);
    });
  }

  resulted(seq: number, children: readonly NewNode[]): Promise<Queued[]> {
    return this.#record(children, () => {
      this.#sql.resulted.run({ seq, now: this.#clock() });
      return this.#insertAll(seq, children);
    });
  }

  record(children: readonly NewNode[], parent: number | null): Promise<Queued[]> {
    return this.#commit.write(() => this.#insertAll(parent, children));
  }

  async unsure(seq: number): Promise<void> {
    await this.#commit.writeSoon(() => this.#sql.unsure.run({ seq }));
  }

  async failed(seq: number, error: string, retryAt: number): Promise<void> {
    await this.#commit.writeSoon(() => this.#sql.failed.run({ seq, error, retryAt }));
  }

  async dead(seq: number, error: string): Promise<void> {
    await this.#commit.writeSoon(() => {
      const now = this.#clock();
      const before = this.#sql.bySeq.get(seq) as ParcelRow | undefined;
      this.#sql.dead.run({ seq, error, now });
      if (before?.state === 'received') this.#sql.parentDelivered.run({ seq, now });
    });
  }

  revive(key: string): Promise<Queued[] | undefined> {
    return this.#commit.write(() => {
      const node = this.#sql.toRevive.get(key) as Revivable | undefined;
      // An entry that could not even be read has nothing to send.
      if (node?.state !== 'dead' || (node.empty === 1 && node.scheduledAt === null)) return undefined;
      const { seq, scheduledAt } = node;
      if (scheduledAt === null) this.#sql.parentWaits.run({ seq });
      return this.#sql.revive.all({ seq }) as Queued[];
    });
  }

  async forget(seq: number): Promise<void> {
    await this.#commit.writeSoon(() => this.#sql.forget.run({ seq }));
  }

  prune(before: number, limit: number): Promise<number> {
    return this.#commit.writeSoon(() => this.#sql.prune.run({ before, limit }).changes);
  }

  async get(seq: number): Promise<Parcel | undefined> {
    const row = this.#sql.bySeq.get(seq) as ParcelRow | undefined;
    return row && parcelOf(row);
  }

  async find(idOrKey: string): Promise<LedgerNode | undefined> {
    return this.#sql.find.get({ id: idOrKey }) as LedgerNode | undefined;
  }

  async about(
    processId: string,
    kind: NodeKind,
    page: { offset: number; limit: number },
  ): Promise<LedgerNode[]> {
    return this.#sql.about.all({ processId, kind, ...page }) as LedgerNode[];
  }

  async processes(limit: number): ReturnType<Ledger['processes']> {
    const rows = this.#sql.processes.all(limit) as ProcessRow[];
    return rows.map(processOf);
  }

  async counts(): ReturnType<Ledger['counts']> {
    return this.#sql.counts.get() as Awaited<ReturnType<Ledger['counts']>>;
  }

  async countCausedBy(root: string, most: number): Promise<number> {
    return (this.#sql.countCausedBy.get(root, most) as { n: number }).n;
  }

  async tree(idOrKey: string, page: { after: number; limit: number }): Promise<LedgerNode[]> {
    return this.#sql.tree.all({ id: idOrKey, ...page }) as LedgerNode[];
  }

  async allDead(page: { after: number; limit: number }): Promise<LedgerNode[]> {
    return this.#sql.allDead.all(page) as LedgerNode[];
  }

  async undelivered(emitter: string, page: { after: number; limit: number }): Promise<LedgerNode[]> {
    return this.#sql.undelivered.all({ emitter, ...page }) as LedgerNode[];
  }

  async monitor(processId: string): Promise<Monitor | undefined> {
    const row = this.#sql.monitor.get(processId) as MonitorRow | undefined;
    return row && monitorOf(row);
  }

  async monitors(page: { after: string; limit: number }): Promise<Monitor[]> {
    return (this.#sql.monitors.all(page) as MonitorRow[]).map(monitorOf);
  }

  addMonitor(processId: string): Promise<boolean> {
    return this.#commit.write(() => this.#sql.addMonitor.run(processId).changes > 0);
  }

  removeMonitor(processId: string): Promise<boolean> {
    return this.#commit.write(() => this.#sql.removeMonitor.run(processId).changes > 0);
  }

  advance(processId: string, cursor: string | null, children: readonly NewNode[]): Promise<Queued[]> {
    return this.#record(children, () => {
      // Children of a monitor that was ended meanwhile are not sent.
      if (this.#sql.advance.run({ processId, cursor }).changes === 0) return [];
      return this.#insertAll(null, children);
    });
  }

  monitorFailed(processId: string, error: string, endBefore: number): Promise<boolean> {
    const values = { processId, error, endBefore, now: this.#clock() };
    return this.#commit.writeSoon(() => {
      const row = this.#sql.monitorFailed.get(values) as MonitorRow | undefined;
      return row !== undefined && row.endedAt !== null;
    });
  }

  // One file has one unit: there is nothing but what it left itself.
  async follow(take: (work: InheritedWork) => void): Promise<void> {
    const monitors = this.#sql.alive.all() as { id: string }[];
    take({ nodes: this.#sql.unfinished.all() as Queued[], monitors: monitors.map(({ id }) => id) });
  }

  async close(): Promise<void> {
    this.#commit.flush();
    this.#db.close();
  }

  // A message is synced with its bytes before it is sent; an assignment has none, so it is synced here.
  #record<T>(children: readonly NewNode[], write: () => T): Promise<T> {
    const synced = children.some(({ kind }) => kind === 'assignment');
    return synced ? this.#commit.write(write) : this.#commit.writeSoon(write);
  }

  #insertAll(parent: number | null, children: readonly NewNode[]): Queued[] {
    const queued: Queued[] = [];
    for (const child of children) {
      const seq = this.#insert(child, parent);
      if (seq !== undefined && child.error === undefined) queued.push(queuedOf(child, seq));
    }
    if (parent !== null) this.#sql.settle.run({ seq: parent, added: queued.length, now: this.#clock() });
    return queued;
  }

  /** The number of the new row, or undefined if the key is known. */
  #insert(node: NewNode, parent: number | null): number | undefined {
    const { changes, lastInsertRowid } = this.#sql.insert.run(valuesOf(node, parent, this.#clock()));
    return changes === 0 ? undefined : Number(lastInsertRowid);
  }
}
