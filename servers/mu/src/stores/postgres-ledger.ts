import { AoError } from '@ao-ts/core';
import { openPostgres, plain } from '@ao-ts/server-kit';
import type pg from 'pg';
import type { Delivered, InheritedWork, Ledger, Monitor, Queued } from '../domain/ledger.ts';
import type { LedgerNode, NewNode, NodeKind, NodeState, Parcel } from '../domain/node.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { PostgresLanes } from './postgres-lanes.ts';
import { migrations } from './postgres-migrations.ts';
import { sql } from './postgres-statements.ts';
import { PostgresUnit } from './postgres-unit.ts';
import { type ParcelRow, type ProcessRow, parcelOf, processOf } from './rows.ts';

type Locked = Pick<LedgerNode, 'seq' | 'lane' | 'state' | 'scheduledAt'> & { empty: boolean };

const MIGRATION_LOCK = 4002;

/** The ledger of several units in one PostgreSQL database. Each lane belongs to one of them at a time. */
export class PostgresLedger implements Ledger {
  readonly #db: PostgresDatabase;
  readonly #clock: () => number;
  readonly #unit: PostgresUnit;
  readonly #lanes: PostgresLanes;
  #take: (work: InheritedWork) => void = () => {};

  private constructor(pool: pg.Pool, url: string, clock: () => number, onFailure: (error: unknown) => void) {
    this.#db = new PostgresDatabase(pool);
    this.#clock = clock;
    this.#unit = new PostgresUnit({ url, pool, onWork: (work) => this.#take(work), onFailure });
    this.#lanes = new PostgresLanes(this.#unit, clock);
  }

  /** @throws AoError `STORE.FAILED`, `STORE.NEWER` */
  static async open(
    url: string,
    clock: () => number,
    onFailure: (error: unknown) => void,
  ): Promise<PostgresLedger> {
    const pool = await openPostgres(url, { migrations, migrationLock: MIGRATION_LOCK });
    const ledger = new PostgresLedger(pool, url, clock, onFailure);
    await ledger.#unit.open();
    return ledger;
  }

  async accept(root: NewNode): Promise<{ node: LedgerNode; created: boolean }> {
    for (;;) {
      const created = await this.#db.again((pool) => this.#lanes.addRoot(pool, root));
      const [node] = await this.#db.rows<LedgerNode>(sql.byKey, [root.key]);
      // One that was known may be forgotten meanwhile.
      if (node) return { node, created };
    }
  }

  async built(seq: number, id: string, item: Uint8Array): Promise<boolean> {
    return (await this.#db.run(sql.built, [seq, id, item])) > 0;
  }

  scheduled(seq: number, delivered: Delivered): Promise<Queued[] | undefined> {
    const { id, host, nonce = null, awaitsResult, children, process } = delivered;
    const after = children.length > 0 ? 'resulted' : 'done';
    const known = process ? [process.schedulerUrl, JSON.stringify(process.tags)] : [null, null];
    const values = [seq, awaitsResult ? 'scheduled' : after, id, host, nonce, this.#clock(), ...known];
    return this.#db.write(async (client) => {
      const { rowCount } = await client.query(sql.scheduled, values);
      if (rowCount === 0) return undefined;
      const queued = children.length > 0 ? await this.#lanes.add(client, 'addChildren', seq, children) : [];
      await this.#lanes.release(client, seq);
      return queued;
    });
  }

  async resulted(seq: number, children: readonly NewNode[]): Promise<Queued[]> {
    // Another unit may wait for that result; its entries come first.
    if (children.length > 0 && (await this.#db.run(sql.earlier, [seq])) > 0) throw tooEarly();
    return this.#db.again((pool) => this.#lanes.add(pool, 'addResult', seq, children));
  }

  record(children: readonly NewNode[], parent: number | null): Promise<Queued[]> {
    const statement = parent === null ? 'add' : 'addChildren';
    return this.#db.again((pool) => this.#lanes.add(pool, statement, parent, children));
  }

  async unsure(seq: number): Promise<void> {
    await this.#db.run(sql.unsure, [seq]);
  }

  async failed(seq: number, error: string, retryAt: number): Promise<void> {
    await this.#db.run(sql.failed, [seq, error, retryAt]);
  }

  dead(seq: number, error: string): Promise<void> {
    return this.#db.write(async (client) => {
      const now = this.#clock();
      const { rows } = await client.query<{ state: NodeState }>(sql.lock, [seq]);
      await client.query(sql.dead, [seq, plain(error), now]);
      if (rows[0]?.state === 'received') await client.query(sql.parentDelivered, [seq, now]);
      await this.#lanes.release(client, seq);
    });
  }

  revive(key: string): Promise<Queued[] | undefined> {
    return this.#db.write(async (client) => {
      const { rows } = await client.query<Locked>(sql.toRevive, [plain(key)]);
      const [node] = rows;
      // An entry that could not even be read has nothing to send.
      if (node?.state !== 'dead' || (node.empty && node.scheduledAt === null)) return undefined;
      const { seq, lane, scheduledAt } = node;
      if (scheduledAt !== null) return this.#lanes.revive(client, seq, undefined);
      await client.query(sql.parentWaits, [seq]);
      return this.#lanes.revive(client, seq, lane);
    });
  }

  async forget(seq: number): Promise<void> {
    await this.#db.write(async (client) => {
      await this.#lanes.release(client, seq);
      await client.query(sql.forget, [seq]);
    });
  }

  async prune(before: number, limit: number): Promise<number> {
    return this.#db.run(sql.prune, [before, limit]);
  }

  async get(seq: number): Promise<Parcel | undefined> {
    const [row] = await this.#db.rows<ParcelRow>(sql.bySeq, [seq]);
    return row && parcelOf(row);
  }

  async find(idOrKey: string): Promise<LedgerNode | undefined> {
    return (await this.#db.rows<LedgerNode>(sql.find, [idOrKey]))[0];
  }

  async about(
    processId: string,
    kind: NodeKind,
    { offset, limit }: { offset: number; limit: number },
  ): Promise<LedgerNode[]> {
    return this.#db.rows<LedgerNode>(sql.about, [processId, kind, limit, offset]);
  }

  async processes(limit: number): ReturnType<Ledger['processes']> {
    return (await this.#db.rows<ProcessRow>(sql.processes, [limit])).map(processOf);
  }

  async counts(): ReturnType<Ledger['counts']> {
    const [row] = await this.#db.rows<Awaited<ReturnType<Ledger['counts']>>>(sql.counts, []);
    return row ?? { pending: 0, unsure: 0, dead: 0 };
  }

  async countCausedBy(root: string, most: number): Promise<number> {
    const [row] = await this.#db.rows<{ n: number }>(sql.countCausedBy, [root, most]);
    return row?.n ?? 0;
  }

  async tree(idOrKey: string, { after, limit }: { after: number; limit: number }): Promise<LedgerNode[]> {
    return this.#db.rows<LedgerNode>(sql.tree, [idOrKey, after, limit]);
  }

  async allDead({ after, limit }: { after: number; limit: number }): Promise<LedgerNode[]> {
    return this.#db.rows<LedgerNode>(sql.allDead, [after, limit]);
  }

  async undelivered(
    emitter: string,
    { after, limit }: { after: number; limit: number },
  ): Promise<LedgerNode[]> {
    return this.#db.rows<LedgerNode>(sql.undelivered, [emitter, after, limit]);
  }

  async monitor(processId: string): Promise<Monitor | undefined> {
    return (await this.#db.rows<Monitor>(sql.monitor, [processId]))[0];
  }

  monitors({ after, limit }: { after: string; limit: number }): Promise<Monitor[]> {
    return this.#db.rows<Monitor>(sql.monitors, [after, limit]);
  }

  async addMonitor(processId: string): Promise<boolean> {
    return this.#db.write(async (client) => {
      const unit = await this.#unit.mustLive(client);
      return (await client.query(sql.addMonitor, [processId, unit])).rowCount === 1;
    });
  }

  async removeMonitor(processId: string): Promise<boolean> {
    return (await this.#db.run(sql.removeMonitor, [processId])) > 0;
  }

  advance(processId: string, cursor: string | null, children: readonly NewNode[]): Promise<Queued[]> {
    return this.#db.write(async (client) => {
      // Children of a monitor that was ended meanwhile are not sent.
      const { rowCount } = await client.query(sql.advance, [processId, cursor]);
      return rowCount === 0 ? [] : this.#lanes.add(client, 'add', null, children);
    });
  }

  async monitorFailed(processId: string, error: string, endBefore: number): Promise<boolean> {
    const values = [processId, error, this.#clock(), endBefore];
    const [monitor] = await this.#db.rows<Monitor>(sql.monitorFailed, values);
    return monitor !== undefined && monitor.endedAt !== null;
  }

  // A unit that starts owns nothing yet: what it left the last time is taken over like what others left.
  async follow(take: (work: InheritedWork) => void): Promise<void> {
    this.#take = take;
    await this.#unit.lookAround();
    this.#unit.start();
  }

  async close(): Promise<void> {
    await this.#unit.close();
    await this.#db.close();
  }
}

function tooEarly(): AoError {
  const message =
    'The result of an earlier message of this process is not recorded yet; its entries are sent first.';
  return new AoError('OUTBOX.EARLIER', message, { action: 'retry' });
}
