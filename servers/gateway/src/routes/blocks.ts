import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { Block } from '../domain/chain.ts';
import { Height } from './params.ts';

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

  app.get('/block/current', { schema: { summary: 'The newest block.' } }, async () =>
    show(chain.block(chain.tip)),
  );

  app.get(
    '/block/height/:height',
    { schema: { summary: 'The block of a height.', params: z.object({ height: Height }) } },
    async (request) => show(chain.block(request.params.height)),
  );

  app.get(
    '/block/hash/:hash',
    { schema: { summary: 'The block with an id.', params: z.object({ hash: z.string() }) } },
    async (request) => show(chain.blockById(request.params.hash)),
  );
}
