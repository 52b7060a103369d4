import { plain, queryRows } from '@ao-ts/server-kit';
import type pg from 'pg';
import type { Evaluation, ResultQuery, ResultStore } from '../domain/result-store.ts';
import { type EvaluationRow, evaluationOf, rowOf } from './evaluation-rows.ts';
import { listStatement, sql } from './evaluation-statements.ts';

const COLUMNS = [
  ['process', 'text'],
  ['nonce', 'bigint'],
  ['timestamp', 'bigint'],
  ['cron', 'text'],
  ['block_height', 'bigint'],
  ['message_id', 'text'],
  ['assignment_id', 'text'],
  ['digest', 'text'],
  ['status', 'text'],
  ['body', 'bytea'],
] as const;

// In one order everywhere: units that store the same results wait for each other, never in a circle.
const INSERT = `INSERT INTO evaluations
  SELECT * FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')})
    AS new (${COLUMNS.map(([name]) => name).join(', ')})
  ORDER BY process, nonce, timestamp, cron
  ON CONFLICT DO NOTHING RETURNING nonce`;

const STORED = `SELECT evaluations.body FROM
  unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[])
    WITH ORDINALITY AS asked (process, nonce, timestamp, cron, place)
  JOIN evaluations ON evaluations.process = asked.process AND evaluations.nonce = asked.nonce
    AND evaluations.cron = asked.cron AND (asked.cron = '' OR evaluations.timestamp = asked.timestamp)
  ORDER BY place`;

/** One statement is kept well below what a string and a message of the database can hold. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Results in a PostgreSQL database, which several units may share. */
export class PostgresResultStore implements ResultStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async find(processId: string, id: string): Promise<Evaluation | undefined> {
    return this.#one(sql.find, [id, processId]);
  }

  async at(processId: string, nonce: number): Promise<Evaluation | undefined> {
    return this.#one(sql.at, [processId, nonce]);
  }

  async newestNonce(processId: string): Promise<number | undefined> {
    const [row] = await queryRows<{ nonce: number | null }>(this.#pool, sql.newest, [processId]);
    return row?.nonce ?? undefined;
  }

  async evaluatedBefore(
    processId: string,
    key: { messageId: string } | { digest: string },
    nonce: number,
  ): Promise<boolean> {
    const [text, id] = 'digest' in key ? [sql.byDigest, key.digest] : [sql.byMessage, key.messageId];
    return (await queryRows(this.#pool, text, [id, processId, nonce])).length > 0;
  }

  async list(asked: ResultQuery): Promise<Evaluation[]> {
    const { text, values } = listStatement(asked);
    return (await queryRows<EvaluationRow>(this.#pool, text, values)).map(evaluationOf);
  }

  // Portion by portion: what came before one that fails is right all the same.
  async save(evaluations: readonly Evaluation[]): Promise<string[]> {
    const kept: string[] = [];
    for (const rows of portions(evaluations.map(rowOf))) {
      const values = COLUMNS.map(([name]) => rows.map((row) => plain(row[name])));
      const added = await queryRows(this.#pool, INSERT, values);
      // A statement sees what was there when it began: what another unit stored meanwhile, only the next one sees.
      const stored =
        added.length === rows.length
          ? rows
          : await queryRows<Pick<EvaluationRow, 'body'>>(this.#pool, STORED, values.slice(0, 4));
      kept.push(...stored.map(({ body }) => body.toString('utf8')));
    }
    return kept;
  }

  async #one(text: string, values: readonly unknown[]): Promise<Evaluation | undefined> {
    const [row] = await queryRows<EvaluationRow>(this.#pool, text, values);
    return row && evaluationOf(row);
  }
}

function portions(rows: readonly EvaluationRow[]): EvaluationRow[][] {
  const portions: EvaluationRow[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    bytes += row.body.length;
    if (bytes > MAX_BYTES) {
      portions.push([]);
      bytes = row.body.length;
    }
    portions.at(-1)?.push(row);
  }
  return portions;
}
