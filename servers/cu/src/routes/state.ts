import { z } from 'zod';
import type { Route } from '../server.ts';
import { ProcessPath } from './parameters.ts';

const Query = z.object({ to: z.coerce.number().int().nonnegative().optional() });

/** The whole memory of a process after its newest message, or after the last one not later than `to` (ms). */
export const stateRoute: Route = (app, { engine }) => {
  app.get(
    '/state/:processId',
    { schema: { params: ProcessPath, querystring: Query } },
    async ({ params, query }, reply) => {
      const { memory, at } = await engine.memory(params.processId, query.to);
      reply.type('application/octet-stream');
      if (at) {
        reply.header('last-timestamp', at.timestamp);
        reply.header('last-ordinate', at.nonce);
        reply.header('last-block-height', at.blockHeight);
      }
      return reply.send(Buffer.from(memory.buffer));
    },
  );
};
