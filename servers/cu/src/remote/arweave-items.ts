import { AoError } from '@ao-ts/core';
import type { GatewayClient } from '@ao-ts/server-kit';
import type { AssignedTransaction } from '../domain/message.ts';
import { addressOf } from '../domain/owner.ts';
import { patiently } from './patiently.ts';

/** The data of an item as text. @throws AoError `TRANSACTION.NOT_FOUND` */
export async function itemText(gateway: GatewayClient, id: string): Promise<string> {
  const data = await patiently(
    () => gateway.data(id),
    () => missing(id),
  );
  return Buffer.from(data).toString('utf8');
}

/**
 * What a process sees of something on Arweave that is assigned to it; excluded fields are not even fetched.
 * @throws AoError `TRANSACTION.NOT_FOUND`
 */
export async function assignedTransaction(
  gateway: GatewayClient,
  id: string,
  exclude: readonly string[],
): Promise<AssignedTransaction> {
  const transaction = await patiently(
    async () => {
      const found = await gateway.transaction(id);
      // A gateway may index what is already on Arweave a little later.
      if (!found) throw missing(id);
      return found;
    },
    () => missing(id),
  );
  const { signature, anchor } = transaction;
  return {
    ...(exclude.includes('Signature') || signature == null ? {} : { Signature: signature }),
    Owner: addressOf(transaction.owner),
    Target: transaction.recipient ?? '',
    Tags: exclude.includes('Tags') ? [] : transaction.tags,
    ...(exclude.includes('Anchor') || anchor == null ? {} : { Anchor: anchor }),
    ...(exclude.includes('Data') ? {} : { Data: await itemText(gateway, id) }),
  };
}

function missing(id: string): AoError {
  return new AoError('TRANSACTION.NOT_FOUND', `The gateway does not have ${id} (yet).`, {
    action: 'retry',
    facts: { id },
  });
}
