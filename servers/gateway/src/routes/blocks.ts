import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { Block } from '../domain/chain.ts';
import { Height } from './params.ts';

const BlockAnswer = z.object({
  indep_hash: z.string(),
  hash: z.string(),
  previous_block: z.string(),
  height: z.number(),
  timestamp: z.number().describe('Unix seconds.'),
  txs: z.array(z.string()),
});
const answers = { 200: BlockAnswer };

export function blockRoutes(app: App, { chain, store }: Context): void {
  const show = (block: Block | undefined) => {
    if (!block) throw new AoError('REQUEST.NOT_FOUND', 'Block not found.', { action: 'fix' });
    return {
      indep_hash: block.id,
      hash: block.id,
      previous_block: block.previous,
      height: block.height,
      timestamp: block.timestamp,
      txs: store.transactionsAt(block.height),
    };
  };

  app.get('/block/current', { schema: { summary: 'The newest block.', answers } }, async () =>
    show(chain.block(chain.tip)),
  );

  app.get(
    '/block/height/:height',
    { schema: { summary: 'The block of a height.', params: z.object({ height: Height }), answers } },
    async (request) => show(chain.block(request.params.height)),
  );

  app.get(
    '/block/hash/:hash',
    { schema: { summary: 'The block with an id.', params: z.object({ hash: z.string() }), answers } },
    async (request) => show(chain.blockById(request.params.hash)),
  );
}
