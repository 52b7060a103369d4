import { z } from 'zod';
import { answerOrBusy, BusyQuery } from './busy.ts';
import { ProcessPath } from './parameters.ts';
import type { Route } from './room.ts';

const Query = BusyQuery.extend({ to: z.coerce.number().int().nonnegative().optional() });

/** The whole memory of a process after its newest message, or after the last one not later than `to` (ms). */
export const stateRoute: Route = (app, { config, engine }) => {
  app.get(
    '/state/:processId',
    {
      schema: {
        summary: 'The whole memory of a process.',
        params: ProcessPath,
        querystring: Query,
        answers: { 200: 'application/octet-stream' },
      },
    },
    ({ params, query }, reply) => {
      const { processId } = params;
      const work = engine.memory(processId, query.to).then(({ memory, at }) => () => {
        if (at) {
          reply.header('last-timestamp', at.timestamp);
          reply.header('last-ordinate', at.nonce);
          reply.header('last-block-height', at.blockHeight);
        }
        return reply.type('application/octet-stream').send(Buffer.from(memory.buffer));
      });
      const to = query.to === undefined ? undefined : String(query.to);
      const noBusy = query['no-busy'] !== undefined;
      return answerOrBusy(reply, { thresholdMs: config.BUSY_THRESHOLD, processId, to, noBusy }, work);
    },
  );
};
