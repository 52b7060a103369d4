import { plain } from '@ao-ts/server-kit';
import type pg from 'pg';
import type { Queued } from '../domain/ledger.ts';
import type { NewNode } from '../domain/node.ts';
import { sql } from './postgres-statements.ts';
import { lostPlace, type PostgresUnit } from './postgres-unit.ts';
import { valuesOf } from './rows.ts';

/** A new node, and the unit that is to deliver it. */
type Added = Queued & { unit: number };

/** As it comes back; empty where nothing was new. */
type AddedRow = Omit<Added, 'seq'> & { seq: number | null; case: unknown };

/** How many columns {@link valuesOf} gives. */
const COLUMNS = 17;

/** A connection in a transaction, or a pool, where each statement is one. */
export type Statements = Pick<pg.PoolClient, 'query'>;

/** Puts nodes into lanes. Each lane belongs to one unit at a time, which is told of what another puts into it. */
export class PostgresLanes {
  readonly #unit: PostgresUnit;
  /** Unix ms. */
  readonly #clock: () => number;

  constructor(unit: PostgresUnit, clock: () => number) {
    this.#unit = unit;
    this.#clock = clock;
  }

  /**
   * Records what is new among nodes without a parent (`add`), or among the children of one; gives what this unit is to
   * deliver.
   * @throws AoError `STORE.FAILED` if this unit is taken for gone
   */
  async add(
    db: Statements,
    statement: 'add' | 'addChildren' | 'addResult',
    parent: number | null,
    nodes: readonly NewNode[],
  ): Promise<Queued[]> {
    const now = this.#clock();
    const values = columnsOf(nodes, parent, now);
    const settled = statement === 'add' ? [] : [parent, now];
    const own = this.#unit.id;
    const added = await this.#added(db, sql[statement], [own, ...values, ...settled]);
    return added.flatMap(({ unit, ...node }) => (unit === own && node.state === 'received' ? [node] : []));
  }

  /** False if it is known. @throws AoError `STORE.FAILED` if this unit is taken for gone */
  async addRoot(db: Statements, root: NewNode): Promise<boolean> {
    const values = columnsOf([root], null, this.#clock());
    return (await this.#added(db, sql.add, [this.#unit.id, ...values])).length > 0;
  }

  /** Takes a dead node up again; empty if another unit goes on with it. */
  async revive(client: pg.PoolClient, seq: number, lane: string | undefined): Promise<Queued[]> {
    const own = await this.#unit.mustLive(client);
    const claimed = lane && (await client.query<{ unit: number }>(sql.claimLane, [plain(lane), own])).rows[0];
    const owner = claimed ? claimed.unit : own;
    const { rows } = await client.query<Queued>(sql.revive, [seq, owner]);
    if (owner === own) return rows;
    // Arrives when the transaction is committed, and only then.
    await client.query(sql.notify, [owner, JSON.stringify(rows)]);
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

  async #added(db: Statements, text: string, values: unknown[]): Promise<Added[]> {
    const { rows } = await db.query<AddedRow>(text, values);
    if (rows.length === 0) throw lostPlace();
    return rows.flatMap(({ seq, case: _, ...node }) => (seq === null ? [] : [{ seq, ...node }]));
  }
}

function columnsOf(nodes: readonly NewNode[], parent: number | null, now: number): unknown[][] {
  const rows = nodes.map((node) => Object.values(valuesOf(node, parent, now)).map(plain));
  return Array.from({ length: COLUMNS }, (_, column) => rows.map((row) => row[column]));
}
