import { DryRunMessage } from '@ao-ts/core/schemas';
import { z } from 'zod';
import type { Route } from '../server.ts';
import { JSON_TYPE, ProcessQuery } from './parameters.ts';

const Headers = z.object({ 'x-max-age': z.coerce.number().nonnegative().optional() });

/** Evaluates a message that leaves no trace. */
export const dryRunRoute: Route = (app, { config, engine }) => {
  app.post(
    '/dry-run',
    {
      schema: {
        querystring: ProcessQuery.extend({ to: z.string().optional() }),
        headers: Headers,
        body: DryRunMessage,
      },
    },
    async ({ query, headers, body }, reply) => {
      const result = await engine.dryRun(query['process-id'], body, {
        to: query.to,
        maxAgeMs: headers['x-max-age'] ?? config.DRY_RUN_DEFAULT_MAX_PROCESS_AGE,
      });
      return reply.type(JSON_TYPE).send(result);
    },
  );
};
