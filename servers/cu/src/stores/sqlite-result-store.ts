import type { GroupCommit, Sqlite } from '@ao-ts/server-kit';
import type { Evaluation, Place, ResultQuery, ResultStore } from '../domain/result-store.ts';

interface Row {
  process: string;
  nonce: number;
  timestamp: number;
  cron: string;
  block_height: number;
  message_id: string | null;
  assignment_id: string | null;
  digest: string | null;
  status: Evaluation['status'];
  body: Buffer;
}

export class SqliteResultStore implements ResultStore {
  readonly #db: Sqlite;
  readonly #commit: GroupCommit;
  readonly #find;
  readonly #at;
  readonly #newest;
  readonly #byMessage;
  readonly #byDigest;
  readonly #insert;

  constructor(db: Sqlite, commit: GroupCommit) {
    this.#db = db;
    this.#commit = commit;
    this.#find = db.prepare<[string, string, string, string], Row>(
      `SELECT * FROM evaluations WHERE message_id = ? AND process = ?
       UNION ALL SELECT * FROM evaluations WHERE assignment_id = ? AND process = ?
       ORDER BY nonce LIMIT 1`,
    );
    this.#at = db.prepare<[string, number], Row>(
      `SELECT * FROM evaluations WHERE process = ? AND nonce = ? AND cron = ''`,
    );
    this.#newest = db.prepare<[string], { nonce: number | null }>(
      `SELECT max(nonce) AS nonce FROM evaluations WHERE process = ? AND cron = ''`,
    );
    this.#byMessage = db.prepare<[string, string, number], { found: 1 }>(
      `SELECT 1 AS found FROM evaluations
       WHERE message_id = ? AND process = ? AND nonce < ? AND status <> 'duplicate' LIMIT 1`,
    );
    this.#byDigest = db.prepare<[string, string, number], { found: 1 }>(
      `SELECT 1 AS found FROM evaluations
       WHERE digest = ? AND process = ? AND nonce < ? AND status <> 'duplicate' LIMIT 1`,
    );
    this.#insert = db.prepare<[Row]>(
      `INSERT INTO evaluations VALUES
       (@process, @nonce, @timestamp, @cron, @block_height, @message_id, @assignment_id, @digest, @status, @body)
       ON CONFLICT DO NOTHING`,
    );
  }

  async find(processId: string, id: string): Promise<Evaluation | undefined> {
    return evaluationOf(this.#find.get(id, processId, id, processId));
  }

  async at(processId: string, nonce: number): Promise<Evaluation | undefined> {
    return evaluationOf(this.#at.get(processId, nonce));
  }

  async newestNonce(processId: string): Promise<number | undefined> {
    return this.#newest.get(processId)?.nonce ?? undefined;
  }

  async evaluatedBefore(
    processId: string,
    key: { messageId: string } | { digest: string },
    nonce: number,
  ): Promise<boolean> {
    const row =
      'digest' in key
        ? this.#byDigest.get(key.digest, processId, nonce)
        : this.#byMessage.get(key.messageId, processId, nonce);
    return row !== undefined;
  }

  async list({ processId, only, from, to, descending, limit }: ResultQuery): Promise<Evaluation[]> {
    const where = ['process = ?', `status = 'ok'`];
    const values: (string | number)[] = [processId];
    if (only === 'cron') where.push(`cron <> ''`);
    const bound = (place: Place, comparison: '>' | '>=' | '<=') => {
      if (place.nonce === undefined) {
        where.push(`timestamp ${comparison} ?`);
        values.push(place.timestamp);
      } else {
        where.push(`(timestamp, nonce, cron) ${comparison} (?, ?, ?)`);
        values.push(place.timestamp, place.nonce, place.cron ?? '');
      }
    };
    if (from) bound(from, from.nonce === undefined ? '>=' : '>');
    if (to) bound(to, '<=');
    const order = descending ? 'DESC' : 'ASC';
    const sql = `SELECT * FROM evaluations WHERE ${where.join(' AND ')}
      ORDER BY timestamp ${order}, nonce ${order}, cron ${order} LIMIT ?`;
    const rows = this.#db.prepare<unknown[], Row>(sql).all(...values, limit);
    return rows.map(toEvaluation);
  }

  save(evaluations: readonly Evaluation[]): Promise<void> {
    return this.#commit.write(() => {
      for (const evaluation of evaluations) this.#insert.run(toRow(evaluation));
    });
  }
}

function evaluationOf(row: Row | undefined): Evaluation | undefined {
  return row && toEvaluation(row);
}

function toEvaluation(row: Row): Evaluation {
  return {
    processId: row.process,
    nonce: row.nonce,
    timestamp: row.timestamp,
    cron: row.cron === '' ? null : row.cron,
    blockHeight: row.block_height,
    messageId: row.message_id,
    assignmentId: row.assignment_id,
    digest: row.digest,
    status: row.status,
    body: row.body.toString('utf8'),
  };
}

function toRow(evaluation: Evaluation): Row {
  return {
    process: evaluation.processId,
    nonce: evaluation.nonce,
    timestamp: evaluation.timestamp,
    cron: evaluation.cron ?? '',
    block_height: evaluation.blockHeight,
    message_id: evaluation.messageId,
    assignment_id: evaluation.assignmentId,
    digest: evaluation.digest,
    status: evaluation.status,
    body: Buffer.from(evaluation.body),
  };
}
