import { AoError } from '@ao-ts/core';
import type { Addition, ArchiveStore, NewRecord, StoredRecord } from './archive-store.ts';
import type { BlobStore, Upload } from './blob-store.ts';
import { type ByteSource, memorySource, sliceSource } from './byte-source.ts';
import type { Chain } from './chain.ts';
import { chunkError, type ReadChunk, readChunk } from './chunk.ts';
import { readEntry } from './entry.ts';
import { type BlobPart, blobOf, chunkedBlob, itemRecord, transactionRecord, transferOf } from './records.ts';
import { readSignedItem } from './signed-item.ts';
import { readTransaction, type Transaction, transactionTags } from './transaction.ts';
import { isBundle, type Unbundled, unbundle } from './unbundle.ts';

export interface ArchiveOptions {
  store: ArchiveStore;
  blobs: BlobStore;
  chain: Chain;
  /** Largest item or transaction, in bytes. */
  maxUploadBytes: number;
}

/** What became of an upload. */
export interface Receipt {
  record: StoredRecord;
  /** What of a bundle's content was left out, and why. */
  warnings: string[];
}

/** Rows written in one go: more would hold up everybody else. */
const BATCH = 500;

/** Takes in what is signed, and gives it out again. What it accepted is durable and indexed when it answers. */
export class Archive {
  readonly #store: ArchiveStore;
  readonly #blobs: BlobStore;
  readonly #chain: Chain;
  readonly #maxUploadBytes: number;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor({ store, blobs, chain, maxUploadBytes }: ArchiveOptions) {
    this.#store = store;
    this.#blobs = blobs;
    this.#chain = chain;
    this.#maxUploadBytes = maxUploadBytes;
  }

  /**
   * Takes a signed data item, and the items in it if it is a bundle. An item that is known is not taken again.
   * @throws AoError `ANS104.*`, `REQUEST.TOO_LARGE`
   */
  async addItem(body: AsyncIterable<Uint8Array>): Promise<Receipt> {
    const upload = await this.#blobs.receive(body, this.#maxUploadBytes);
    try {
      const signed = await readSignedItem(upload, 0, upload.size);
      const { id, tags } = signed.item;
      const known = this.#store.get(id);
      if (known) return { record: known, warnings: [] };
      const { dataStart: start, dataEnd: end } = signed;
      const inside = isBundle(tags) ? await unbundle(upload, { id, start, end }) : NOTHING_INSIDE;
      // A small upload is kept without its header, which the record has.
      const blob = { name: id, origin: upload.bytes ? start : 0 };
      const bytes = end > start ? await this.#keep(upload, blob) : undefined;
      const records = inside.items.map((item) => itemRecord(item, item.parent, blob));
      records.push(itemRecord(signed, null, blob));
      return await this.#add(id, records, inside.warnings, bytes ? { bytes } : {});
    } finally {
      await upload.discard();
    }
  }

  /**
   * Takes a layer-one transaction as JSON, with its data or (for format 2) announcing chunks.
   * @throws AoError `TRANSACTION.*`, `REQUEST.TOO_LARGE`
   */
  async addTransaction(json: unknown): Promise<Receipt> {
    const { transaction, data, size } = await readTransaction(json);
    const known = this.#store.get(transaction.id);
    if (known) return { record: known, warnings: [] };
    if (size > this.#maxUploadBytes) {
      throw new AoError(
        'REQUEST.TOO_LARGE',
        `The transaction announces ${size} bytes of data; ${this.#maxUploadBytes} are allowed.`,
        { action: 'fix' },
      );
    }
    const blob = { name: blobOf(transaction, size), origin: 0 };
    const upload = await this.#blobs.receive(once(data), this.#maxUploadBytes);
    try {
      const source = data.length > 0 ? upload : await this.#open(blob.name);
      const inside = source ? await this.#inTransaction(transaction, source) : NOTHING_INSIDE;
      const bytes = data.length > 0 ? await this.#keep(upload, blob) : undefined;
      const records = inside.items.map((item) => itemRecord(item, item.parent, blob));
      records.push(transactionRecord(transaction, size > 0 ? blob.name : null, size));
      return await this.#add(transaction.id, records, inside.warnings, {
        ...(bytes ? { bytes } : {}),
        ...transferOf(transaction),
      });
    } finally {
      await upload.discard();
    }
  }

  /**
   * Takes a part of the data of a transaction that is here already; with the last part, opens a bundle.
   * Returns what of a bundle's content was left out, and why.
   * @throws AoError `CHUNK.INVALID`
   */
  async addChunk(json: unknown): Promise<string[]> {
    const chunk = await readChunk(json);
    const name = chunkedBlob(chunk.root, chunk.size);
    // Parts of one upload wait for each other: the last one must be the last.
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(() => this.#addPart(name, chunk));
    const done = turn.catch(() => {});
    this.#turns.set(name, done);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(name) === done) this.#turns.delete(name);
    }
  }

  async #addPart(name: string, { size, start, bytes }: ReadChunk): Promise<string[]> {
    const transactions = this.#store.search({ blobs: [name] }, { order: 'asc', limit: 100 });
    if (transactions.length === 0) throw chunkError('data_root_not_found');
    const joined = await this.#open(name);
    if (joined && !this.#store.isUploading(name)) return [];
    if (!joined) await this.#blobs.writePart(name, start, bytes);
    const received = await this.#store.addChunk(name, { start, size: bytes.length });
    if (received < size) return [];

    if (!joined) await this.#blobs.joinParts(name);
    const bundle = transactions.find((transaction) => isBundle(readEntry(transaction).tags));
    const source = bundle && (await this.#open(name));
    const inside = source
      ? await unbundle(source, { id: bundle.id, start: 0, end: source.size })
      : NOTHING_INSIDE;
    const records = inside.items.map((item) => itemRecord(item, item.parent, { name, origin: 0 }));
    await this.#write(records, { completes: name });
    return inside.warnings;
  }

  async #inTransaction(transaction: Transaction, source: ByteSource): Promise<Unbundled> {
    if (!isBundle(transactionTags(transaction))) return NOTHING_INSIDE;
    return unbundle(source, { id: transaction.id, start: 0, end: source.size });
  }

  async #keep(upload: Upload, blob: BlobPart): Promise<{ blob: string; bytes: Uint8Array } | undefined> {
    if (upload.bytes) return { blob: blob.name, bytes: upload.bytes.subarray(blob.origin) };
    await this.#blobs.keep(upload, blob.name);
    return undefined;
  }

  async #add(
    id: string,
    records: readonly NewRecord[],
    warnings: string[],
    rest: Pick<Addition, 'bytes' | 'transfer'>,
  ): Promise<Receipt> {
    await this.#write(records, rest);
    const record = this.#store.get(id);
    if (!record) throw new TypeError(`${id} was added and is not there`);
    return { record, warnings };
  }

  // What was uploaded comes last: once it is known, everything in it is.
  async #write(
    records: readonly NewRecord[],
    { bytes, ...last }: Pick<Addition, 'bytes' | 'transfer' | 'completes'>,
  ): Promise<void> {
    const height = () => this.#chain.tip + 1;
    let position = 0;
    for (; records.length - position > BATCH; position += BATCH) {
      const batch = records.slice(position, position + BATCH);
      await this.#store.add({ records: batch, height, ...(bytes ? { bytes } : {}) });
    }
    await this.#store.add({ records: records.slice(position), height, ...(bytes ? { bytes } : {}), ...last });
  }

  /** @throws AoError `TRANSACTION.NOT_FOUND` */
  record(id: string): StoredRecord {
    const record = this.#store.get(id);
    if (record) return record;
    throw new AoError('TRANSACTION.NOT_FOUND', `This gateway has no transaction or data item ${id}.`, {
      action: 'fix',
      facts: { id },
    });
  }

  /** The data of a record. @throws AoError `TRANSACTION.NOT_FOUND` while its chunks are not complete */
  async data({ id, blob, offset, size }: StoredRecord): Promise<ByteSource> {
    if (size === 0 || blob === null) return memorySource(new Uint8Array(0));
    const source = await this.#open(blob);
    if (source && source.size >= offset + size) return sliceSource(source, offset, size);
    throw new AoError('TRANSACTION.NOT_FOUND', `The data of ${id} has not been uploaded completely.`, {
      action: 'retry',
      facts: { id },
    });
  }

  async #open(blob: string): Promise<ByteSource | undefined> {
    const bytes = this.#store.bytes(blob);
    return bytes ? memorySource(bytes) : this.#blobs.open(blob);
  }
}

const NOTHING_INSIDE: Unbundled = { items: [], warnings: [] };

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
