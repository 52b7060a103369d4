import { AoError } from '@ao-ts/core';
import { GroupCommit, type Sqlite } from '@ao-ts/server-kit';
import type {
  Addition,
  ArchiveStore,
  NewRecord,
  Page,
  Search,
  StoredRecord,
  Transfer,
} from '../domain/archive-store.ts';
import { SqliteSearch, termsOf } from './sqlite-search.ts';

const COLUMNS = 'seq, id, kind, height, header, parent, blob, "offset", size, weave_end AS weaveEnd';

export class SqliteArchiveStore implements ArchiveStore {
  readonly #db: Sqlite;
  readonly #commit: GroupCommit;
  readonly #search: SqliteSearch;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#commit = new GroupCommit(db);
    this.#search = new SqliteSearch(db);
    this.#statements = prepare(db);
  }

  add({ records, height, bytes, transfer, completes }: Addition): Promise<void> {
    return this.#commit.write(() => {
      const { putBlob, dropChunks } = this.#statements;
      if (bytes) putBlob.run(bytes.blob, bytes.bytes);
      if (completes !== undefined) dropChunks.run(completes);
      const at = height();
      const added = records.filter((record) => this.#insert(record, at));
      // A transaction that was known has moved its winston already.
      if (transfer && added.some((record) => record.kind === 'transaction')) this.#transfer(transfer);
    });
  }

  #insert(record: NewRecord, height: number): boolean {
    const { putRecord, putPosting, putLastTransaction, weaveSize } = this.#statements;
    const { id, kind, header, parent, blob, offset, size } = record;
    const weaveEnd = kind === 'transaction' && size > 0 ? (weaveSize.get()?.size ?? 0) + size : null;
    const { changes, lastInsertRowid } = putRecord.run({
      id,
      kind,
      height,
      header,
      parent,
      blob,
      offset,
      size,
      weaveEnd,
    });
    if (changes === 0) return false;
    for (const term of termsOf(record)) putPosting.run(term, lastInsertRowid);
    if (kind === 'transaction') putLastTransaction.run(record.owner, id);
    return true;
  }

  #transfer({ from, to, amount, fee }: Transfer): void {
    const balance = this.balance(from);
    if (balance < amount + fee) {
      throw new AoError(
        'TRANSACTION.FUNDS',
        `Wallet ${from} has ${balance} winston and needs ${amount + fee}. GET /mint/${from}/${amount + fee} gives it that much.`,
        { action: 'fix', facts: { balance: String(balance), needed: String(amount + fee) } },
      );
    }
    this.#setBalance(from, balance - amount - fee);
    this.#setBalance(to, this.balance(to) + amount);
  }

  get(id: string): StoredRecord | undefined {
    return this.#statements.getById.get(id);
  }

  search(search: Search, page: Page): StoredRecord[] {
    const { getBySeq } = this.#statements;
    return this.#search.page(search, page).flatMap((seq) => getBySeq.get(seq) ?? []);
  }

  count(search: Search): number {
    return this.#search.count(search);
  }

  transactionsAt(height: number): string[] {
    return this.#statements.transactionsAt.all(height).map(({ id }) => id);
  }

  atWeaveOffset(offset: number): StoredRecord | undefined {
    return this.#statements.atWeaveOffset.get(offset);
  }

  lastHeight(): number {
    return this.#statements.lastHeight.get()?.height ?? 0;
  }

  bytes(blob: string): Uint8Array | undefined {
    return this.#statements.getBlob.get(blob)?.bytes;
  }

  addChunk(upload: string, { start, size }: { start: number; size: number }): Promise<number> {
    const { putChunk, chunkBytes } = this.#statements;
    return this.#commit.write(() => {
      putChunk.run(upload, start, size);
      return chunkBytes.get(upload)?.received ?? 0;
    });
  }

  isUploading(upload: string): boolean {
    return this.#statements.chunkBytes.get(upload)?.received !== null;
  }

  balance(address: string): bigint {
    return BigInt(this.#statements.getWallet.get(address)?.balance ?? '0');
  }

  mint(address: string, amount: bigint): Promise<bigint> {
    return this.#commit.write(() => {
      const balance = this.balance(address) + amount;
      this.#setBalance(address, balance);
      return balance;
    });
  }

  #setBalance(address: string, balance: bigint): void {
    this.#statements.putBalance.run(address, String(balance));
  }

  lastTransaction(address: string): string {
    return this.#statements.getWallet.get(address)?.last_transaction ?? '';
  }

  /** Commits what is queued, and closes the database. */
  close(): void {
    this.#commit.flush();
    this.#db.close();
  }
}

function prepare(db: Sqlite) {
  return {
    putBlob: db.prepare('INSERT INTO blobs (name, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    getBlob: db.prepare<[string], { bytes: Buffer }>('SELECT bytes FROM blobs WHERE name = ?'),
    putRecord: db.prepare(
      `INSERT INTO records (id, kind, height, header, parent, blob, "offset", size, weave_end)
       VALUES (@id, @kind, @height, @header, @parent, @blob, @offset, @size, @weaveEnd) ON CONFLICT (id) DO NOTHING`,
    ),
    putPosting: db.prepare('INSERT INTO postings (term, seq) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    getById: db.prepare<[string], StoredRecord>(`SELECT ${COLUMNS} FROM records WHERE id = ?`),
    getBySeq: db.prepare<[number], StoredRecord>(`SELECT ${COLUMNS} FROM records WHERE seq = ?`),
    transactionsAt: db.prepare<[number], { id: string }>(
      "SELECT id FROM records WHERE height = ? AND kind = 'transaction' ORDER BY seq",
    ),
    lastHeight: db.prepare<[], { height: number | null }>('SELECT max(height) AS height FROM records'),
    weaveSize: db.prepare<[], { size: number | null }>('SELECT max(weave_end) AS size FROM records'),
    atWeaveOffset: db.prepare<[number], StoredRecord>(
      `SELECT ${COLUMNS} FROM records WHERE weave_end >= ? ORDER BY weave_end LIMIT 1`,
    ),
    putChunk: db.prepare('INSERT INTO chunks (upload, start, size) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
    chunkBytes: db.prepare<[string], { received: number | null }>(
      'SELECT sum(size) AS received FROM chunks WHERE upload = ?',
    ),
    dropChunks: db.prepare('DELETE FROM chunks WHERE upload = ?'),
    getWallet: db.prepare<[string], { balance: string; last_transaction: string }>(
      'SELECT balance, last_transaction FROM wallets WHERE address = ?',
    ),
    putBalance: db.prepare(
      `INSERT INTO wallets (address, balance) VALUES (?, ?)
       ON CONFLICT (address) DO UPDATE SET balance = excluded.balance`,
    ),
    putLastTransaction: db.prepare(
      `INSERT INTO wallets (address, last_transaction) VALUES (?, ?)
       ON CONFLICT (address) DO UPDATE SET last_transaction = excluded.last_transaction`,
    ),
  };
}
