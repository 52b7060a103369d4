import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { networkInfo } from './network-info.ts';

const Price = z.object({ bytes: z.coerce.number().int().nonnegative() });

/** What clients ask of a node before they make a transaction. */
export function infoRoutes(app: App, { chain }: Context): void {
  app.get('/', async () => networkInfo(chain));
  app.get('/info', async () => networkInfo(chain));
  app.get('/tx_anchor', async (_request, reply) => reply.type('text/plain').send(networkInfo(chain).current));

  for (const path of ['/price/:bytes', '/price/:bytes/:target']) {
    // Storage costs nothing here, so that a fresh wallet can publish.
    app.get(path, { schema: { params: Price } }, async (_request, reply) =>
      reply.type('text/plain').send('0'),
    );
  }
}
