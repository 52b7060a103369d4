import { DryRunMessage, EvaluationResult } from '@ao-ts/core/schemas';
import { RateLimit } from '@ao-ts/server-kit';
import { z } from 'zod';
import { answerOrBusy, InProgress, ProcessBusyQuery } from './busy.ts';
import { JSON_TYPE } from './parameters.ts';
import type { Route } from './room.ts';

const Headers = z.object({ 'x-max-age': z.coerce.number().nonnegative().optional() });

/** Evaluates a message that leaves no trace. */
export const dryRunRoute: Route = (app, { config, context, engine }) => {
  const { RATE_LIMIT_MAX_REQUESTS: max, RATE_LIMIT_WINDOW: windowMs } = config;
  const rateLimit =
    max > 0 && windowMs > 0 ? new RateLimit({ max, windowMs, clock: context.clock }) : undefined;
  app.post(
    '/dry-run',
    {
      schema: {
        summary: 'Evaluates a message that leaves no trace.',
        answers: { 200: EvaluationResult, 202: InProgress },
        querystring: ProcessBusyQuery.extend({ to: z.string().optional() }),
        headers: Headers,
        body: DryRunMessage,
      },
    },
    (request, reply) => {
      const { query, headers, body } = request;
      const processId = query['process-id'];
      const work = engine
        .dryRun(processId, body, {
          to: query.to,
          maxAgeMs: headers['x-max-age'] ?? config.DRY_RUN_DEFAULT_MAX_PROCESS_AGE,
          admit: () => rateLimit?.take(request.ip),
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
