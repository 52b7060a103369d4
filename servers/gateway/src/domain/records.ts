import type { Addition, NewRecord } from './archive-store.ts';
import type { SignedItem } from './signed-item.ts';
import { type Transaction, transactionOwner, transactionTags } from './transaction.ts';

/** A blob, and which position of what was uploaded is its first byte. */
export interface BlobPart {
  name: string;
  origin: number;
}

/** The blob that data sent in chunks becomes: transactions with the same data share it. */
export function chunkedBlob(root: string, size: number): string {
  return `${root}-${size}`;
}

/** The blob of a transaction's data. The data_root of format 1 is not signed, so it says nothing about the data. */
export function blobOf({ format, id, data_root }: Transaction, size: number): string {
  return format === 2 ? chunkedBlob(data_root, size) : id;
}

export function itemRecord(
  { item, header, dataStart, dataEnd }: SignedItem,
  parent: string | null,
  blob: BlobPart,
): NewRecord {
  const size = dataEnd - dataStart;
  return {
    id: item.id,
    kind: 'item',
    header,
    owner: item.ownerAddress,
    recipient: item.targetId,
    tags: item.tags,
    parent,
    blob: size > 0 ? blob.name : null,
    offset: dataStart - blob.origin,
    size,
  };
}

export function transactionRecord(transaction: Transaction, blob: string | null, size: number): NewRecord {
  return {
    id: transaction.id,
    kind: 'transaction',
    header: Buffer.from(JSON.stringify({ ...transaction, data: '' })),
    owner: transactionOwner(transaction),
    recipient: transaction.target,
    tags: transactionTags(transaction),
    parent: null,
    blob,
    offset: 0,
    size,
  };
}

export function transferOf(transaction: Transaction): Pick<Addition, 'transfer'> {
  const amount = BigInt(transaction.quantity);
  if (amount === 0n) return {};
  const from = transactionOwner(transaction);
  return { transfer: { from, to: transaction.target, amount, fee: BigInt(transaction.reward) } };
}
