import { DryRunMessage } from '@ao-ts/core/schemas';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RateLimit } from '../domain/rate-limit.ts';
import type { Route } from '../server.ts';
import { answerOrBusy, ProcessBusyQuery } from './busy.ts';
import { JSON_TYPE } from './parameters.ts';

const Headers = z.object({ 'x-max-age': z.coerce.number().nonnegative().optional() });

/** Evaluates a message that leaves no trace. */
export const dryRunRoute: Route = (app, { config, context, engine }) => {
  const rateLimit = new RateLimit({
    max: config.RATE_LIMIT_MAX_REQUESTS,
    windowMs: config.RATE_LIMIT_WINDOW,
    clock: context.clock,
  });
  app.post(
    '/dry-run',
    {
      schema: {
        querystring: ProcessBusyQuery.extend({ to: z.string().optional() }),
        headers: Headers,
        body: DryRunMessage,
      },
    },
    (request, reply) => {
      const { query, headers, body } = request;
      rateLimit.count(clientOf(request));
      const processId = query['process-id'];
      const work = engine
        .dryRun(processId, body, {
          to: query.to,
          maxAgeMs: headers['x-max-age'] ?? config.DRY_RUN_DEFAULT_MAX_PROCESS_AGE,
        })
        .then((result) => () => reply.type(JSON_TYPE).send(result));
      const noBusy = query['no-busy'] !== undefined;
      return answerOrBusy(
        reply,
        { thresholdMs: config.BUSY_THRESHOLD, processId, to: query.to, noBusy },
        work,
      );
    },
  );
};

/** Behind a proxy, the address it names. */
function clientOf({ headers, ip }: Pick<FastifyRequest, 'ip'> & { headers: object }): string {
  const named = headers as Record<string, string | undefined>;
  return named['x-forwarded-for']?.split(',')[0]?.trim() || named['x-real-ip'] || ip;
}
