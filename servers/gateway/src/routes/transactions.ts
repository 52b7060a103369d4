import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { StoredRecord } from '../domain/archive-store.ts';
import { readEntry, readStoredTransaction } from '../domain/entry.ts';
import type { Transaction } from '../domain/transaction.ts';
import { IdParams } from './params.ts';

/** `GET /tx/:id/data` is text in memory; beyond this, `/raw/:id` has it. */
const MAX_TEXT_BYTES = 12 * 1024 * 1024;

const TransactionAnswer = z.object({
  format: z.number(),
  id: z.string(),
  last_tx: z.string(),
  owner: z.string(),
  tags: z.array(z.object({ name: z.string(), value: z.string() })).describe('In base64url.'),
  target: z.string(),
  quantity: z.string(),
  data_size: z.string(),
  data_root: z.string(),
  data: z.string(),
  reward: z.string(),
  signature: z.string(),
});
const Status = z.object({
  block_height: z.number(),
  block_indep_hash: z.string(),
  number_of_confirmations: z.number(),
});
const Place = z.object({ size: z.string(), offset: z.string() });
const TEXT = 'text/plain';

export function transactionRoutes(app: App, { archive, chain }: Context): void {
  const about = (summary: string, answers: Record<number, z.ZodType | string>) => ({
    schema: { summary, params: IdParams, answers },
  });

  app.get(
    '/tx/:id',
    about('A transaction, or an item in the form of one.', { 200: TransactionAnswer }),
    async (request) => asTransaction(archive.record(request.params.id)),
  );

  app.get(
    '/tx/:id/status',
    about('In which block it is.', { 200: Status, 202: TEXT }),
    async (request, reply) => {
      const { height } = archive.record(request.params.id);
      const block = chain.block(height);
      if (!block) return reply.status(202).type('text/plain').send('Pending');
      return {
        block_height: height,
        block_indep_hash: block.id,
        number_of_confirmations: chain.tip - height + 1,
      };
    },
  );

  app.get('/tx/:id/offset', about('Where its data is in the weave.', { 200: Place }), async (request) => {
    const { id, size, weaveEnd } = archive.record(request.params.id);
    if (weaveEnd !== null) return { size: String(size), offset: String(weaveEnd) };
    throw new AoError('TRANSACTION.NOT_FOUND', `${id} has no place in the weave; GET /raw/${id}.`, {
      action: 'fix',
    });
  });

  app.get('/tx/:id/data', about('Its data, in base64url.', { 200: TEXT }), async (request, reply) => {
    const record = archive.record(request.params.id);
    if (record.size > MAX_TEXT_BYTES) {
      throw new AoError('TRANSACTION.DATA_SIZE', `The data is too large for this; GET /raw/${record.id}.`, {
        action: 'fix',
      });
    }
    const source = await archive.data(record);
    const bytes = Buffer.from(await source.read(0, source.size));
    return reply.type('text/plain').send(bytes.toString('base64url'));
  });
}

/** A record in the form of a layer-one transaction; the data of an item is found under the same id. */
function asTransaction(record: StoredRecord): Transaction {
  if (record.kind === 'transaction') return readStoredTransaction(record.header);
  const { signature, anchor, owner, recipient, tags, quantity, reward } = readEntry(record);
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  return {
    format: 2,
    id: record.id,
    last_tx: anchor,
    owner: owner.key,
    tags: tags.map(({ name, value }) => ({ name: encode(name), value: encode(value) })),
    target: recipient,
    quantity,
    data_size: String(record.size),
    data_root: '',
    data: '',
    reward,
    signature,
  };
}
