import type { GroupCommit, Sqlite } from '@ao-ts/server-kit';
import type { Evaluation, ResultQuery, ResultStore } from '../domain/result-store.ts';
import { type EvaluationRow, evaluationOf, rowOf } from './evaluation-rows.ts';
import { listStatement, sql } from './evaluation-statements.ts';

type Values = Record<number, string | number>;

/** Results in a SQLite file. */
export class SqliteResultStore implements ResultStore {
  readonly #db: Sqlite;
  readonly #commit: GroupCommit;
  readonly #find;
  readonly #at;
  readonly #newest;
  readonly #byMessage;
  readonly #byDigest;
  readonly #insert;
  readonly #stored;

  constructor(db: Sqlite, commit: GroupCommit) {
    this.#db = db;
    this.#commit = commit;
    this.#find = db.prepare<[Values], EvaluationRow>(sql.find);
    this.#at = db.prepare<[Values], EvaluationRow>(sql.at);
    this.#newest = db.prepare<[Values], { nonce: number | null }>(sql.newest);
    this.#byMessage = db.prepare<[Values], { found: 1 }>(sql.byMessage);
    this.#byDigest = db.prepare<[Values], { found: 1 }>(sql.byDigest);
    this.#insert = db.prepare<[EvaluationRow]>(
      `INSERT INTO evaluations VALUES
       (@process, @nonce, @timestamp, @cron, @block_height, @message_id, @assignment_id, @digest, @status, @body)
       ON CONFLICT DO NOTHING`,
    );
    this.#stored = db.prepare<[EvaluationRow], Pick<EvaluationRow, 'body'>>(
      `SELECT body FROM evaluations
       WHERE process = @process AND nonce = @nonce AND cron = @cron AND (cron = '' OR timestamp = @timestamp)`,
    );
  }

  async find(processId: string, id: string): Promise<Evaluation | undefined> {
    return maybe(this.#find.get(numbered([id, processId])));
  }

  async at(processId: string, nonce: number): Promise<Evaluation | undefined> {
    return maybe(this.#at.get(numbered([processId, nonce])));
  }

  async newestNonce(processId: string): Promise<number | undefined> {
    return this.#newest.get(numbered([processId]))?.nonce ?? undefined;
  }

  async evaluatedBefore(
    processId: string,
    key: { messageId: string } | { digest: string },
    nonce: number,
  ): Promise<boolean> {
    const row =
      'digest' in key
        ? this.#byDigest.get(numbered([key.digest, processId, nonce]))
        : this.#byMessage.get(numbered([key.messageId, processId, nonce]));
    return row !== undefined;
  }

  async list(query: ResultQuery): Promise<Evaluation[]> {
    const { text, values } = listStatement(query);
    return this.#db.prepare<[Values], EvaluationRow>(text).all(numbered(values)).map(evaluationOf);
  }

  save(evaluations: readonly Evaluation[]): Promise<string[]> {
    // A result follows from the schedule: one that a machine loses with its power is found again, and is the same.
    return this.#commit.writeSoon(() => evaluations.map((evaluation) => this.#save(evaluation)));
  }

  #save(evaluation: Evaluation): string {
    const row = rowOf(evaluation);
    if (this.#insert.run(row).changes > 0) return evaluation.body;
    return this.#stored.get(row)?.body.toString('utf8') ?? evaluation.body;
  }
}

/** `$1`, `$2`, … are names to SQLite. */
function numbered(values: readonly (string | number)[]): Values {
  return Object.fromEntries(values.map((value, index) => [index + 1, value]));
}

function maybe(row: EvaluationRow | undefined): Evaluation | undefined {
  return row && evaluationOf(row);
}
