import type { Tag } from '@ao-ts/core/ans104';

export type Kind = 'transaction' | 'item';

/** Something to be indexed. */
export interface NewRecord {
  id: string;
  kind: Kind;
  /** Of an item: its bytes before the data. Of a transaction: its JSON without the data, UTF-8. */
  header: Uint8Array;
  owner: string;
  /** Address or process id; empty if there is none. */
  recipient: string;
  tags: readonly Tag[];
  /** Id of the bundle it came in; null if it came alone. */
  parent: string | null;
  /** The data: `size` bytes from `offset` on in that blob; null if there is no data. */
  blob: string | null;
  offset: number;
  size: number;
}

export interface StoredRecord {
  /** Place in the order of arrival. Heights never fall along it. */
  seq: number;
  id: string;
  kind: Kind;
  /** The block it is in, or will be in once that block exists. */
  height: number;
  header: Uint8Array;
  parent: string | null;
  blob: string | null;
  offset: number;
  size: number;
  /**
   * Number of the last byte of its data, when the data of all transactions is counted through from 1.
   * Null for items, and for transactions without data.
   */
  weaveEnd: number | null;
}

/** A transfer of winston that a transaction makes, with its fee. */
export interface Transfer {
  from: string;
  to: string;
  amount: bigint;
  fee: bigint;
}

export interface Addition {
  records: readonly NewRecord[];
  /** Evaluated when the records are written: the block they will be in. */
  height: () => number;
  /** A blob small enough to be kept with the records. */
  bytes?: { blob: string; bytes: Uint8Array };
  transfer?: Transfer;
  /** The upload in chunks that is complete with these records. */
  completes?: string;
}

export interface TagFilter {
  name: string;
  values: readonly string[];
  /** True for "has none of these". */
  not: boolean;
}

/** All of these must hold; of a list, any. Absent lists do not restrict. */
export interface Search {
  ids?: readonly string[];
  owners?: readonly string[];
  recipients?: readonly string[];
  parents?: readonly string[];
  /** Blobs the data is in. */
  blobs?: readonly string[];
  tags?: readonly TagFilter[];
  minHeight?: number;
  maxHeight?: number;
}

export interface Page {
  order: 'asc' | 'desc';
  /** Only what comes after this `seq` in that order. */
  after?: number;
  limit: number;
}

/** What the gateway knows. Every write is durable when its promise resolves, and a whole `add` is atomic. */
export interface ArchiveStore {
  /**
   * Records that are known already are left as they are.
   * @throws AoError `TRANSACTION.FUNDS` if the sender of the transfer does not have that much
   */
  add(addition: Addition): Promise<void>;
  get(id: string): StoredRecord | undefined;
  search(search: Search, page: Page): StoredRecord[];
  count(search: Search): number;
  /** Ids of the layer-one transactions in a block, in order. */
  transactionsAt(height: number): string[];
  /** The transaction that has this byte of the data of all transactions. */
  atWeaveOffset(offset: number): StoredRecord | undefined;
  /** Height of the newest record; 0 if there is none. */
  lastHeight(): number;
  bytes(blob: string): Uint8Array | undefined;
  /** Notes a chunk of an upload and returns how many bytes of it are there now. */
  addChunk(upload: string, chunk: { start: number; size: number }): Promise<number>;
  /** True between the first chunk of an upload and its completion. */
  isUploading(upload: string): boolean;
  /** In winston. */
  balance(address: string): bigint;
  /** Adds winston from nowhere and returns the new balance. */
  mint(address: string, amount: bigint): Promise<bigint>;
  /** Id of the newest transaction an address signed; empty if there is none. */
  lastTransaction(address: string): string;
}
