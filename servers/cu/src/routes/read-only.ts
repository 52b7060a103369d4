import type { FastifyReply } from 'fastify';
import type { Route } from './room.ts';

/** A read unit answers dry-runs only; the other routes say that they are not here, whatever process they are asked for. */
export const readOnlyRoutes: Route = (app) => {
  for (const path of ['/result/:id', '/results/:processId', '/cron/:processId', '/state/:processId']) {
    app.get(
      path,
      {
        schema: { summary: 'Not here: a read unit answers dry-runs only.', answers: { 404: 'text/plain' } },
        onRequest: async (_request, reply) => notHere(reply),
      },
      (_request, reply) => notHere(reply),
    );
  }
};

function notHere(reply: FastifyReply): FastifyReply {
  return reply.status(404).type('text/plain').send('Not Found');
}
