import { Id } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { AddressParams } from './params.ts';

const TEXT = { 200: 'text/plain' };

const MintParams = z.object({
  address: Id,
  amount: z.string().regex(/^\d{1,20}$/, 'must be a number of winston'),
});

export function walletRoutes(app: App, { store }: Context): void {
  app.get(
    '/wallet/:address/balance',
    { schema: { summary: 'What a wallet has, in winston.', params: AddressParams, answers: TEXT } },
    async (request, reply) => reply.type('text/plain').send(String(store.balance(request.params.address))),
  );

  app.get(
    '/wallet/:address/last_tx',
    { schema: { summary: 'Its newest transaction.', params: AddressParams, answers: TEXT } },
    async (request, reply) => reply.type('text/plain').send(store.lastTransaction(request.params.address)),
  );

  app.route({
    method: ['GET', 'POST'],
    url: '/mint/:address/:amount',
    exposeHeadRoute: false,
    schema: { summary: 'Gives a wallet winston.', params: MintParams, answers: TEXT },
    handler: async (request, reply) => {
      const { address, amount } = request.params as z.output<typeof MintParams>;
      return reply.type('text/plain').send(String(await store.mint(address, BigInt(amount))));
    },
  });
}
