import { AoError } from '@ao-ts/core';
import { inTransaction, postgresClient } from '@ao-ts/server-kit';
import type pg from 'pg';
import type { InheritedWork, Queued } from '../domain/ledger.ts';
import { QUEUED } from './rows.ts';

/** First half of the advisory lock that a living unit holds; the second is its number. */
const ALIVE = 4002;
const LOOK_AROUND_MS = 1000;

interface PostgresUnitOptions {
  url: string;
  pool: pg.Pool;
  onWork: (work: InheritedWork) => void;
  onFailure: (error: unknown) => void;
}

/**
 * One unit among those that share a ledger. It is alive as long as its session is: what a unit leaves whose session
 * ended is taken over by another, and no clock is trusted.
 */
export class PostgresUnit {
  readonly #options: PostgresUnitOptions;
  #session: pg.Client | undefined;
  #id = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking = Promise.resolve();
  #closed = false;

  constructor(options: PostgresUnitOptions) {
    this.#options = options;
  }

  /** The number under which this unit owns nodes. It changes when the session is lost. */
  get id(): number {
    return this.#id;
  }

  /**
   * The number of this unit. Nobody takes it for gone until the transaction ends, so that they see what it leaves them.
   * @throws AoError `STORE.FAILED` if they did already: it owns nothing until it has a new number
   */
  async mustLive(client: pg.PoolClient): Promise<number> {
    const id = this.#id;
    const { rowCount } = await client.query('SELECT FROM units WHERE id = $1 FOR KEY SHARE', [id]);
    if (rowCount === 1) return id;
    throw lostPlace();
  }

  async open(): Promise<void> {
    const session = postgresClient(this.#options.url);
    const lost = () => {
      if (this.#session === session) this.#session = undefined;
    };
    session.on('error', lost);
    session.on('end', lost);
    session.on('notification', ({ payload = '' }) => this.#notified(payload));
    await session.connect();
    const { rows } = await session.query<{ id: number }>("SELECT nextval('unit_ids') AS id");
    const id = rows[0]?.id ?? 0;
    // Alive before it is known, or another would take it for gone.
    await session.query('SELECT pg_advisory_lock($1, $2)', [ALIVE, id]);
    await session.query('INSERT INTO units VALUES ($1)', [id]);
    await session.query(`LISTEN unit_${id}`);
    this.#id = id;
    this.#session = session;
  }

  /** Begins to look after units that are gone. */
  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.lookAround()
        .catch(this.#options.onFailure)
        .then(() => {
          if (!this.#closed) this.start();
        });
    }, LOOK_AROUND_MS);
  }

  /** Takes over what units left that are gone. */
  async lookAround(): Promise<void> {
    if (!this.#session) await this.open();
    const session = this.#session as pg.Client;
    const { rows } = await session.query<{ id: number }>(
      // OFFSET keeps the lock from being tried on its own row.
      `SELECT id FROM (SELECT id FROM units WHERE id <> $1 OFFSET 0) AS others
       WHERE pg_try_advisory_lock($2, id)`,
      [this.#id, ALIVE],
    );
    for (const { id } of rows) {
      const work = await this.#inherit(id).finally(() =>
        session.query('SELECT pg_advisory_unlock($1, $2)', [ALIVE, id]),
      );
      this.#options.onWork(work);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await this.#session?.end();
  }

  async #inherit(from: number): Promise<InheritedWork> {
    return inTransaction(this.#options.pool, async (client) => {
      const id = await this.mustLive(client);
      // Its number first: what it is writing just now is waited for, and from then on it writes nothing.
      await client.query('DELETE FROM units WHERE id = $1', [from]);
      // Then the lanes: whoever adds to one of them waits, and finds this unit then.
      await client.query('UPDATE lanes SET unit = $1 WHERE unit = $2', [id, from]);
      const nodes = await client.query<Queued>(
        `UPDATE nodes SET unit = $1 WHERE unit = $2 AND state IN ('received', 'unsure', 'scheduled')
         RETURNING ${QUEUED}`,
        [id, from],
      );
      const monitors = await client.query<{ id: string }>(
        'UPDATE monitors SET unit = $1 WHERE unit = $2 AND ended_at IS NULL RETURNING process_id AS id',
        [id, from],
      );
      return {
        nodes: nodes.rows.sort((a, b) => a.seq - b.seq),
        monitors: monitors.rows.map((monitor) => monitor.id),
      };
    });
  }

  // Another unit put something into a lane of this one.
  #notified(payload: string): void {
    const nodes = JSON.parse(payload) as Queued[];
    this.#options.onWork({ nodes, monitors: [] });
  }
}

/** This unit was taken for gone by another, and owns nothing until it has a new number. */
export function lostPlace(): AoError {
  return new AoError('STORE.FAILED', 'The connection to the ledger was lost; send it again later.', {
    action: 'retry',
  });
}
