import { setTimeout as delay } from 'node:timers/promises';
import { AoError } from '@ao-ts/core';
import { postgresClient } from '@ao-ts/server-kit';
import pg from 'pg';
import { conflict, duplicateContent, duplicateItem, storeFailed } from '../domain/errors.ts';
import type { Slot } from '../domain/slot.ts';

interface Append {
  slot: Slot;
  contentHash: Uint8Array | undefined;
  resolve: () => void;
  reject: (error: unknown) => void;
}

const MAX_BATCH = 64;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
const HOLD_ATTEMPT_MS = 50;
const HOLD_TIMEOUT_MS = 2000;

const INSERT = `
  WITH added AS (
    INSERT INTO slots (process_id, nonce, timestamp, assignment_id, item_id, assignment, item)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::bytea[])
    RETURNING sequence
  ), hashed AS (
    INSERT INTO content_hashes (process_id, hash) SELECT * FROM unnest($8::text[], $9::bytea[])
  )
  INSERT INTO uploads (sequence) SELECT sequence FROM added`;

/**
 * The one connection that slots are written through. The right to write a process is a lock of this very session, so
 * it ends with the connection, and what is written without it can not arrive: no clock is trusted.
 */
export class PostgresWriter {
  readonly #url: string;
  #session: Promise<pg.Client> | undefined;
  /** Processes this session may write. */
  #held = new Set<string>();
  #queue: Append[] = [];
  #writing: Promise<void> | undefined;
  /** What the session does last, of what was asked of it. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(url: string) {
    this.#url = url;
  }

  /** @throws AoError `SCHEDULE.ELSEWHERE`, `STORE.FAILED` */
  async hold(processId: string): Promise<void> {
    const end = Date.now() + HOLD_TIMEOUT_MS;
    while (!this.#held.has(processId)) {
      if (await this.#tryHold(processId)) return;
      if (Date.now() > end) {
        throw new AoError('SCHEDULE.ELSEWHERE', 'Another scheduler unit is writing this process.', {
          action: 'retry',
          facts: { processId },
        });
      }
      await delay(HOLD_ATTEMPT_MS);
    }
  }

  async #tryHold(processId: string): Promise<boolean> {
    try {
      return await this.#inTurn(async (session) => {
        const held = this.#held;
        const sql = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked';
        const { rows } = await session.query<{ locked: boolean }>(sql, [processId]);
        // If the session was lost meanwhile, so was the lock.
        if (rows[0]?.locked !== true || held !== this.#held) return false;
        held.add(processId);
        return true;
      });
    } catch (cause) {
      this.#disconnect();
      throw storeFailed(cause);
    }
  }

  letGo(processId: string): void {
    if (!this.#held.delete(processId)) return;
    const sql = 'SELECT pg_advisory_unlock(hashtextextended($1, 0))';
    this.#inTurn((session) => session.query(sql, [processId])).catch(() => this.#disconnect());
  }

  append(slot: Slot, contentHash: Uint8Array | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ slot, contentHash, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#turn.catch(() => {});
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    await session?.end();
  }

  /** A session does one thing at a time; `work` has it for itself. */
  #inTurn<T>(work: (session: pg.Client) => Promise<T>): Promise<T> {
    const turn = this.#turn.catch(() => {}).then(async () => work(await this.#connect()));
    this.#turn = turn;
    return turn;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      try {
        await this.#inTurn((session) => this.#writeBatch(session));
      } catch (cause) {
        this.#disconnect();
        for (const { reject } of this.#queue.splice(0)) reject(storeFailed(cause));
      }
    }
    this.#writing = undefined;
  }

  async #writeBatch(session: pg.Client): Promise<void> {
    const batch = this.#takeBatch();
    if (await this.#write(session, batch)) return;
    // One of them broke a rule of the schema: written one by one, only that one fails.
    for (const append of batch) await this.#write(session, [append]);
  }

  #takeBatch(): Append[] {
    const batch: Append[] = [];
    for (let bytes = 0; batch.length < MAX_BATCH && bytes < MAX_BATCH_BYTES; ) {
      const next = this.#queue.shift();
      if (!next) break;
      if (!this.#held.has(next.slot.processId)) {
        next.reject(conflict(next.slot.processId));
        continue;
      }
      bytes += next.slot.assignment.length + (next.slot.item?.length ?? 0);
      batch.push(next);
    }
    return batch;
  }

  /** Commits a batch in one statement and settles its members; false if it has to be taken apart first. */
  async #write(session: pg.Client, batch: readonly Append[]): Promise<boolean> {
    const [first] = batch;
    if (!first) return true;
    try {
      await session.query(INSERT, columnsOf(batch));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      const rule = brokenRule(error);
      if (rule !== undefined && batch.length > 1) return false;
      // Whether it was written is not known: the session ends, and heads are read again.
      if (rule === undefined) this.#disconnect();
      for (const { slot, reject } of batch)
        reject(rule === undefined ? storeFailed(error) : errorOf(rule, slot));
    }
    return true;
  }

  #connect(): Promise<pg.Client> {
    if (this.#session) return this.#session;
    const client = postgresClient(this.#url);
    const forget = () => {
      if (this.#session === session) this.#forget();
    };
    client.on('error', forget);
    client.on('end', forget);
    const session = client.connect().then(() => client);
    this.#session = session;
    return session;
  }

  #disconnect(): void {
    const session = this.#session;
    this.#forget();
    session?.then((client) => client.end()).catch(() => {});
  }

  #forget(): void {
    this.#session = undefined;
    this.#held = new Set();
  }
}

function columnsOf(batch: readonly Append[]): unknown[] {
  const slots = batch.map(({ slot }) => slot);
  const hashed = batch.filter(({ contentHash }) => contentHash !== undefined);
  const bytes = (value: Uint8Array | null | undefined) => (value ? Buffer.from(value) : null);
  return [
    slots.map(({ processId }) => processId),
    slots.map(({ nonce }) => nonce),
    slots.map(({ timestamp }) => timestamp),
    slots.map(({ assignmentId }) => assignmentId),
    slots.map(({ itemId }) => itemId),
    slots.map(({ assignment }) => bytes(assignment)),
    slots.map(({ item }) => bytes(item)),
    hashed.map(({ slot }) => slot.processId),
    hashed.map(({ contentHash }) => bytes(contentHash)),
  ];
}

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

/** Name of the constraint that a statement broke, if that is why it failed. */
function brokenRule(error: unknown): string | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  if (error.code !== UNIQUE_VIOLATION && error.code !== FOREIGN_KEY_VIOLATION) return undefined;
  return error.constraint;
}

function errorOf(rule: string, { processId, itemId }: Slot): AoError {
  if (rule === 'slots_with_item') return duplicateItem(itemId);
  if (rule === 'content_hashes_pkey') return duplicateContent(itemId);
  return conflict(processId);
}
