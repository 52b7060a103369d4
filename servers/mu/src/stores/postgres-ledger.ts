import { AoError, errorMessage } from '@ao-ts/core';
import { inTransaction, openPostgres } from '@ao-ts/server-kit';
import pg from 'pg';
import type { Delivered, InheritedWork, Ledger, Monitor, Queued } from '../domain/ledger.ts';
import type { LedgerNode, NewNode, NodeKind, NodeState, Parcel } from '../domain/node.ts';
import { migrations } from './postgres-migrations.ts';
import { sql } from './postgres-statements.ts';
import { PostgresUnit } from './postgres-unit.ts';
import { type NodeRow, nodeOf, type ProcessRow, parcelOf, processOf, valuesOf } from './rows.ts';

interface Locked extends Queued {
  scheduled_at: number | null;
  empty: boolean;
}

const MIGRATION_LOCK = 4002;
const MAX_ATTEMPTS = 10;
/** Codes of what PostgreSQL undoes because another transaction was in the way. */
const IN_THE_WAY = new Set(['40001', '40P01']);
/** A notification holds 8000 bytes. */
const NODES_PER_NOTIFICATION = 20;

/** The ledger of several units in one PostgreSQL database. Each lane belongs to one of them at a time. */
export class PostgresLedger implements Ledger {
  readonly #pool: pg.Pool;
  readonly #clock: () => number;
  readonly #unit: PostgresUnit;
  #take: (work: InheritedWork) => void = () => {};

  private constructor(pool: pg.Pool, url: string, clock: () => number, onFailure: (error: unknown) => void) {
    this.#pool = pool;
    this.#clock = clock;
    this.#unit = new PostgresUnit({ url, pool, onWork: (work) => this.#take(work), onFailure });
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

  accept(root: NewNode): Promise<{ node: LedgerNode; created: boolean }> {
    return this.#write(async (client) => {
      const created = (await this.#insert(client, null, [root])).length > 0;
      const { rows } = await client.query<NodeRow>(sql.byKey, [root.key]);
      return { node: nodeOf(rows[0] as NodeRow), created };
    });
  }

  async built(seq: number, id: string, item: Uint8Array): Promise<void> {
    await this.#query(sql.built, [seq, id, item]);
  }

  scheduled(seq: number, delivered: Delivered): Promise<Queued[] | undefined> {
    const { id, host, nonce = null, awaitsResult, children, process } = delivered;
    return this.#write(async (client) => {
      const now = this.#clock();
      const state = awaitsResult ? 'scheduled' : 'resulted';
      const { rowCount } = await client.query(sql.scheduled, [seq, state, id, host, nonce, now]);
      if (rowCount === 0) return undefined;
      if (process) {
        await client.query(sql.remember, [id, process.schedulerUrl, JSON.stringify(process.tags)]);
      }
      await client.query(sql.parentDelivered, [seq, now]);
      const queued = await this.#insertAll(client, seq, children);
      await release(client, seq);
      return queued;
    });
  }

  resulted(seq: number, children: readonly NewNode[]): Promise<Queued[]> {
    return this.#write(async (client) => {
      await client.query(sql.resulted, [seq, this.#clock()]);
      return this.#insertAll(client, seq, children);
    });
  }

  record(children: readonly NewNode[], parent: number | null): Promise<Queued[]> {
    return this.#write((client) => this.#insertAll(client, parent, children));
  }

  async unsure(seq: number): Promise<void> {
    await this.#query(sql.unsure, [seq]);
  }

  async failed(seq: number, error: string, retryAt: number): Promise<void> {
    await this.#query(sql.failed, [seq, plain(error), retryAt]);
  }

  dead(seq: number, error: string): Promise<void> {
    return this.#write(async (client) => {
      const now = this.#clock();
      const { rows } = await client.query<{ state: NodeState }>(sql.lock, [seq]);
      await client.query(sql.dead, [seq, plain(error), now]);
      if (rows[0]?.state === 'received') await client.query(sql.parentDelivered, [seq, now]);
      await release(client, seq);
    });
  }

  revive(key: string): Promise<Queued[] | undefined> {
    return this.#write(async (client) => {
      const { rows } = await client.query<Locked>(sql.lockByKey, [key]);
      const [node] = rows;
      // An entry that could not even be read has nothing to send.
      if (node?.state !== 'dead' || (node.empty && node.scheduled_at === null)) return undefined;
      const { seq, lane } = node;
      const [unit] = node.scheduled_at === null ? await this.#claim(client, [{ lane }]) : [this.#unit.id];
      const revived = await client.query<Queued>(sql.revive, [seq, unit]);
      if (node.scheduled_at === null) await client.query(sql.parentWaits, [seq]);
      if (unit === this.#unit.id) return revived.rows;
      await this.#tell(client, unit as number, revived.rows);
      return [];
    });
  }

  async forget(seq: number): Promise<void> {
    await this.#write(async (client) => {
      await release(client, seq);
      await client.query(sql.forget, [seq]);
    });
  }

  async prune(before: number, limit: number): Promise<number> {
    return (await this.#query(sql.prune, [before, limit])).rowCount ?? 0;
  }

  async get(seq: number): Promise<Parcel | undefined> {
    const [row] = await this.#rows<NodeRow>(sql.bySeq, [seq]);
    return row && parcelOf(row);
  }

  async find(idOrKey: string): Promise<LedgerNode | undefined> {
    const [row] = await this.#rows<NodeRow>(sql.find, [idOrKey]);
    return row && nodeOf(row);
  }

  async about(
    processId: string,
    kind: NodeKind,
    { offset, limit }: { offset: number; limit: number },
  ): Promise<LedgerNode[]> {
    return (await this.#rows<NodeRow>(sql.about, [processId, kind, limit, offset])).map(nodeOf);
  }

  async processes(limit: number): ReturnType<Ledger['processes']> {
    return (await this.#rows<ProcessRow>(sql.processes, [limit])).map(processOf);
  }

  async counts(): ReturnType<Ledger['counts']> {
    const [row] = await this.#rows<Awaited<ReturnType<Ledger['counts']>>>(sql.counts, []);
    return row ?? { pending: 0, unsure: 0, dead: 0 };
  }

  async tree(idOrKey: string, { after, limit }: { after: number; limit: number }): Promise<LedgerNode[]> {
    return (await this.#rows<NodeRow>(sql.tree, [idOrKey, after, limit])).map(nodeOf);
  }

  async undelivered(
    emitter: string,
    { after, limit }: { after: number; limit: number },
  ): Promise<LedgerNode[]> {
    return (await this.#rows<NodeRow>(sql.undelivered, [emitter, after, limit])).map(nodeOf);
  }

  async monitor(processId: string): Promise<Monitor | undefined> {
    return (await this.#rows<Monitor>(sql.monitor, [processId]))[0];
  }

  async addMonitor(processId: string): Promise<boolean> {
    return (await this.#query(sql.addMonitor, [processId, this.#unit.id])).rowCount !== 0;
  }

  async removeMonitor(processId: string): Promise<boolean> {
    return (await this.#query(sql.removeMonitor, [processId])).rowCount !== 0;
  }

  advance(processId: string, cursor: string | null, children: readonly NewNode[]): Promise<Queued[]> {
    return this.#write(async (client) => {
      // Children of a monitor that was ended meanwhile are not sent.
      const { rowCount } = await client.query(sql.advance, [processId, cursor]);
      return rowCount === 0 ? [] : this.#insertAll(client, null, children);
    });
  }

  async monitorFailed(processId: string, error: string): Promise<void> {
    await this.#query(sql.monitorFailed, [processId, plain(error)]);
  }

  // A unit that starts owns nothing yet: what it left the last time is taken over like what others left.
  async follow(take: (work: InheritedWork) => void): Promise<void> {
    this.#take = take;
    await this.#unit.lookAround();
    this.#unit.start();
  }

  async close(): Promise<void> {
    await this.#unit.close();
    await this.#pool.end();
  }

  async #query<T extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<pg.QueryResult<T>> {
    try {
      return await this.#pool.query<T>(text, values.map(plain));
    } catch (cause) {
      throw storeFailed(cause);
    }
  }

  async #rows<T extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<T[]> {
    return (await this.#query<T>(text, values)).rows;
  }

  async #insertAll(
    client: pg.PoolClient,
    parent: number | null,
    children: readonly NewNode[],
  ): Promise<Queued[]> {
    const added = children.length === 0 ? [] : await this.#insert(client, parent, children);
    const queued = added.filter(({ state }) => state === 'received');
    if (parent !== null) await client.query(sql.settle, [parent, queued.length, this.#clock()]);
    const others = Map.groupBy(queued, ({ unit }) => unit);
    const own = others.get(this.#unit.id) ?? [];
    others.delete(this.#unit.id);
    for (const [unit, nodes] of others) await this.#tell(client, unit, nodes);
    return own.map(({ seq, lane, state }) => ({ seq, lane, state }));
  }

  async #insert(
    client: pg.PoolClient,
    parent: number | null,
    nodes: readonly NewNode[],
  ): Promise<(Queued & { unit: number })[]> {
    const units = await this.#claim(client, nodes);
    const now = this.#clock();
    const rows = nodes.map((node) => Object.values(valuesOf(node, parent, now)).map(plain));
    const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));
    const { rows: added } = await client.query<Queued & { unit: number }>(sql.insert, [units, ...columns]);
    return added;
  }

  /** Who delivers each node: this unit, unless another holds the lane. What is dead needs nobody. */
  async #claim(client: pg.PoolClient, nodes: readonly Pick<NewNode, 'lane' | 'error'>[]): Promise<number[]> {
    const lanes = new Set(nodes.filter(({ error }) => error === undefined).map(({ lane }) => lane));
    const { rows } = await client.query<{ lane: string; unit: number }>(sql.claimLanes, [
      [...lanes].map(plain),
      this.#unit.id,
    ]);
    const units = new Map(rows.map(({ lane, unit }) => [lane, unit]));
    return nodes.map(({ lane }) => units.get(plain(lane)) ?? this.#unit.id);
  }

  // Arrives when this transaction is committed, and only then.
  async #tell(client: pg.PoolClient, unit: number, nodes: readonly Queued[]): Promise<void> {
    for (let from = 0; from < nodes.length; from += NODES_PER_NOTIFICATION) {
      const part = nodes
        .slice(from, from + NODES_PER_NOTIFICATION)
        .map(({ seq, lane, state }) => ({ seq, lane, state }));
      await client.query(sql.notify, [unit, JSON.stringify(part)]);
    }
  }

  async #write<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await inTransaction(this.#pool, work);
      } catch (error) {
        const again = error instanceof pg.DatabaseError && IN_THE_WAY.has(error.code ?? '');
        if (!again || attempt === MAX_ATTEMPTS) throw storeFailed(error);
      }
    }
  }
}

// Two statements: what was put into the lane while the first one waited is seen only by the second.
async function release(client: pg.PoolClient, seq: number): Promise<void> {
  await client.query(sql.lockLane, [seq]);
  await client.query(sql.releaseLane, [seq]);
}

function storeFailed(cause: unknown): AoError {
  return new AoError('STORE.FAILED', 'The ledger can not be used right now; send it again later.', {
    action: 'retry',
    facts: { reason: errorMessage(cause) },
    cause,
  });
}

// PostgreSQL's text has no NUL. Plans are JSON, which writes it as an escape.
function plain<T>(value: T): T {
  return typeof value === 'string' ? (value.replaceAll('\0', '\ufffd') as T) : value;
}
