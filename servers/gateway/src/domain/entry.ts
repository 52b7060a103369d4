import { toBase64url } from '@ao-ts/core';
import { parseDataItem, type Tag } from '@ao-ts/core/ans104';
import type { StoredRecord } from './archive-store.ts';
import { type Transaction, transactionOwner, transactionTags } from './transaction.ts';

/** A transaction or data item in full, but for its data. Byte fields are base64url, amounts are winston. */
export interface Entry {
  signature: string;
  /** A transaction's `last_tx`, an item's anchor. */
  anchor: string;
  owner: { address: string; key: string };
  recipient: string;
  tags: readonly Tag[];
  quantity: string;
  reward: string;
}

/** What the stored header of a record says. */
export function readEntry({ kind, header }: Pick<StoredRecord, 'kind' | 'header'>): Entry {
  if (kind === 'item') {
    const item = parseDataItem(header);
    return {
      signature: toBase64url(item.signature),
      anchor: toBase64url(item.anchor),
      owner: { address: item.ownerAddress, key: toBase64url(item.owner) },
      recipient: item.targetId,
      tags: item.tags,
      quantity: '0',
      reward: '0',
    };
  }
  const transaction = readStoredTransaction(header);
  return {
    signature: transaction.signature,
    anchor: transaction.last_tx,
    owner: { address: transactionOwner(transaction), key: transaction.owner },
    recipient: transaction.target,
    tags: transactionTags(transaction),
    quantity: transaction.quantity,
    reward: transaction.reward,
  };
}

/** The header of a record of kind `transaction`; its `data` is empty. */
export function readStoredTransaction(header: Uint8Array): Transaction {
  return JSON.parse(Buffer.from(header).toString('utf8')) as Transaction;
}
