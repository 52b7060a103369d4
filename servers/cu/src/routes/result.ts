import { EvaluationResult } from '@ao-ts/core/schemas';
import { z } from 'zod';
import { answerOrBusy, InProgress, ProcessBusyQuery } from './busy.ts';
import { sendTagged } from './etag.ts';
import { JSON_TYPE } from './parameters.ts';
import type { Route } from './room.ts';

/** The result of a message, evaluated if it was not yet. `:id` is a message, an assignment, the process, or a nonce. */
export const resultRoute: Route = (app, { config, engine }) => {
  app.get(
    '/result/:id',
    {
      schema: {
        summary: 'The result of a message, evaluated if it was not yet.',
        params: z.object({ id: z.string().describe('Message, assignment, process, or nonce.') }),
        querystring: ProcessBusyQuery,
        answers: { 200: EvaluationResult, 202: InProgress },
      },
    },
    (request, reply) => {
      const { params, query } = request;
      const processId = query['process-id'];
      const work = engine
        .result(processId, params.id)
        .then((result) => () => sendTagged(request, reply.type(JSON_TYPE), [processId, params.id], result));
      const noBusy = query['no-busy'] !== undefined;
      return answerOrBusy(
        reply,
        { thresholdMs: config.BUSY_THRESHOLD, processId, to: params.id, noBusy },
        work,
      );
    },
  );
};
