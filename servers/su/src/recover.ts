import { isAoError } from '@ao-ts/core';
import { type DataItem, rebuildDataItem } from '@ao-ts/core/ans104';
import type { GatewayTransaction } from '@ao-ts/core/schemas';
import { EnvUrl, GatewayClient, HttpClient, readConfig, readSigner } from '@ao-ts/server-kit';
import { z } from 'zod';
import { type Archive, recover } from './domain/recovery.ts';
import { openStores } from './stores/open.ts';

// A command: brings a restored copy of the database up to date with what is on Arweave. The unit must not run meanwhile.

const config = readConfig(
  z.object({
    SU_WALLET_PATH: z.string(),
    DB_URL: z.string(),
    GATEWAY_URL: EnvUrl,
    GRAPHQL_URL: EnvUrl.optional(),
  }),
  process.env,
);
const { address } = await readSigner(config.SU_WALLET_PATH);
const http = new HttpClient();
const gateway = new GatewayClient(http, config.GATEWAY_URL, config.GRAPHQL_URL);

const ASSIGNMENTS = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Type', value: 'Assignment' },
];

async function rebuild(transaction: GatewayTransaction, data: Uint8Array): Promise<DataItem | undefined> {
  const { signature, owner, recipient, anchor, tags } = transaction;
  if (!signature || !owner.key) return undefined;
  return rebuildDataItem({
    signature,
    owner: owner.key,
    target: recipient ?? '',
    anchor: anchor ?? '',
    tags,
    data,
  });
}

async function dataOf(id: string): Promise<Uint8Array> {
  try {
    return await gateway.data(id);
  } catch (error) {
    if (isAoError(error, 'TRANSACTION.NOT_FOUND')) return new Uint8Array(0);
    throw error;
  }
}

const archive: Archive = {
  async *assignments(fromHeight) {
    for await (const transaction of gateway.itemsOf(address, ASSIGNMENTS)) {
      if (transaction.block && transaction.block.height < fromHeight) return;
      const item = await rebuild(transaction, new Uint8Array(0));
      if (item) yield item;
    }
  },
  async item(id) {
    const transaction = await gateway.transaction(id);
    return transaction && rebuild(transaction, await dataOf(id));
  },
};

const { store } = await openStores(config.DB_URL);
const { slots, processes, problems } = await recover(store, archive);
await store.close();
await http.close();
process.stdout.write(`${slots} slots of ${processes} processes were put back\n`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
