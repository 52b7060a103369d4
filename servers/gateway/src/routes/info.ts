import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { NetworkInfo, networkInfo } from './network-info.ts';

const TEXT = { 200: 'text/plain' };

const Price = z.object({ bytes: z.coerce.number().int().nonnegative() });

/** What clients ask of a node before they make a transaction. */
export function infoRoutes(app: App, { chain }: Context): void {
  for (const path of ['/', '/info']) {
    app.get(
      path,
      { schema: { summary: 'The network and its newest block.', answers: { 200: NetworkInfo } } },
      async () => networkInfo(chain),
    );
  }
  app.get(
    '/tx_anchor',
    { schema: { summary: 'What a transaction made now refers to.', answers: TEXT } },
    async (_request, reply) => reply.type('text/plain').send(networkInfo(chain).current),
  );

  for (const path of ['/price/:bytes', '/price/:bytes/:target']) {
    // Storage costs nothing here, so that a fresh wallet can publish.
    app.get(
      path,
      { schema: { summary: 'What storing so many bytes costs, in winston.', params: Price, answers: TEXT } },
      async (_request, reply) => reply.type('text/plain').send('0'),
    );
  }
}
