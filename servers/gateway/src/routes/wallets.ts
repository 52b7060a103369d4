import { Id } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { AddressParams } from './params.ts';

const MintParams = z.object({
  address: Id,
  amount: z.string().regex(/^\d{1,20}$/, 'must be a number of winston'),
});

export function walletRoutes(app: App, { store }: Context): void {
  app.get('/wallet/:address/balance', { schema: { params: AddressParams } }, async (request, reply) =>
    reply.type('text/plain').send(String(store.balance(request.params.address))),
  );

  app.get('/wallet/:address/last_tx', { schema: { params: AddressParams } }, async (request, reply) =>
    reply.type('text/plain').send(store.lastTransaction(request.params.address)),
  );

  app.route({
    method: ['GET', 'POST'],
    url: '/mint/:address/:amount',
    exposeHeadRoute: false,
    schema: { params: MintParams },
    handler: async (request, reply) => {
      const { address, amount } = request.params as z.output<typeof MintParams>;
      return reply.type('text/plain').send(String(await store.mint(address, BigInt(amount))));
    },
  });
}
