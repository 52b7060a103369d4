import type pg from 'pg';
import type { Queued } from '../domain/ledger.ts';
import type { NewNode } from '../domain/node.ts';
import { plain } from './postgres-database.ts';
import { sql } from './postgres-statements.ts';
import type { PostgresUnit } from './postgres-unit.ts';
import { valuesOf } from './rows.ts';

/** A notification holds 8000 bytes. */
const NODES_PER_NOTIFICATION = 10;

type Added = Queued & { unit: number };

/** Puts nodes into lanes. Each lane belongs to one unit at a time, which is told of what another puts into it. */
export class PostgresLanes {
  readonly #unit: PostgresUnit;
  /** Unix ms. */
  readonly #clock: () => number;

  constructor(unit: PostgresUnit, clock: () => number) {
    this.#unit = unit;
    this.#clock = clock;
  }

  /** Records what is new among the children of a node; gives what this unit is to deliver. */
  async addAll(
    client: pg.PoolClient,
    parent: number | null,
    children: readonly NewNode[],
  ): Promise<Queued[]> {
    const added = await this.#insert(client, parent, children);
    const queued = added.filter(({ state }) => state === 'received');
    if (parent !== null) await client.query(sql.settle, [parent, queued.length, this.#clock()]);
    const own: Queued[] = [];
    for (const [unit, nodes] of Map.groupBy(queued, (node) => node.unit)) {
      const toDeliver = nodes.map(({ unit: _, ...node }) => node);
      if (unit === this.#unit.id) own.push(...toDeliver);
      else await tell(client, unit, toDeliver);
    }
    return own;
  }

  /** False if it is known. */
  async addRoot(client: pg.PoolClient, root: NewNode): Promise<boolean> {
    return (await this.#insert(client, null, [root])).length > 0;
  }

  /** Takes a dead node up again; empty if another unit goes on with it. */
  async revive(client: pg.PoolClient, seq: number, lane: string | undefined): Promise<Queued[]> {
    const { own, units } = await this.#claim(client, lane === undefined ? [] : [lane]);
    const owner = units.get(plain(lane)) ?? own;
    const { rows } = await client.query<Queued>(sql.revive, [seq, owner]);
    if (owner === own) return rows;
    await tell(client, owner, rows);
    return [];
  }

  /**
   * Frees the lane of a node if it was the last in it. Two statements: what was put into the lane while the first one
   * waited is seen only by the second.
   */
  async release(client: pg.PoolClient, seq: number): Promise<void> {
    await client.query(sql.lockLane, [seq]);
    await client.query(sql.releaseLane, [seq]);
  }

  async #insert(client: pg.PoolClient, parent: number | null, nodes: readonly NewNode[]): Promise<Added[]> {
    if (nodes.length === 0) return [];
    // What is dead needs nobody.
    const alive = nodes.filter(({ error }) => error === undefined);
    const { own, units } = await this.#claim(
      client,
      alive.map(({ lane }) => lane),
    );
    const owners = nodes.map(({ lane }) => units.get(plain(lane)) ?? own);
    const now = this.#clock();
    const rows = nodes.map((node) => Object.values(valuesOf(node, parent, now)).map(plain));
    const columns = (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));
    return (await client.query<Added>(sql.insert, [owners, ...columns])).rows;
  }

  /** The number of this unit, and who delivers what is in the lanes: this unit, unless another holds them. */
  async #claim(
    client: pg.PoolClient,
    lanes: readonly string[],
  ): Promise<{ own: number; units: Map<string | undefined, number> }> {
    const own = await this.#unit.mustLive(client);
    const names = [...new Set(lanes.map(plain))];
    const { rows } = await client.query<{ lane: string; unit: number }>(sql.claimLanes, [names, own]);
    return { own, units: new Map(rows.map(({ lane, unit }) => [lane, unit])) };
  }
}

// Arrives when the transaction is committed, and only then.
async function tell(client: pg.PoolClient, unit: number, nodes: readonly Queued[]): Promise<void> {
  for (let from = 0; from < nodes.length; from += NODES_PER_NOTIFICATION) {
    const part = nodes.slice(from, from + NODES_PER_NOTIFICATION);
    await client.query(sql.notify, [unit, JSON.stringify(part)]);
  }
}
