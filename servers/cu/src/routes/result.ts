import { z } from 'zod';
import type { Route } from '../server.ts';
import { JSON_TYPE, ProcessQuery } from './parameters.ts';

/** The result of a message, evaluated if it was not yet. `:id` is a message, an assignment, the process, or a nonce. */
export const resultRoute: Route = (app, { engine }) => {
  app.get(
    '/result/:id',
    { schema: { params: z.object({ id: z.string() }), querystring: ProcessQuery } },
    async ({ params, query }, reply) =>
      reply.type(JSON_TYPE).send(await engine.result(query['process-id'], params.id)),
  );
};
