import { AoError } from '@ao-ts/core';
import { Id } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Pusher } from '../domain/pusher.ts';

const params = z.object({ id: Id, number: z.string() });
const Accepted = z.object({ message: z.string(), id: z.string() });
const querystring = z.object({
  'process-id': Id,
  kind: z.enum(['message', 'process', 'assignment']).default('message'),
});

/**
 * `POST /push/:id/:number`: sends entry `number` of the outbox of `id` again if it was not sent. `kind` chooses among
 * messages, spawned processes and assignments.
 */
export function pushRoute(app: App, { pusher, enabled }: { pusher: Pusher; enabled: boolean }): void {
  app.post(
    '/push/:id/:number',
    {
      schema: {
        summary: 'Sends an entry of an outbox again if it was not sent.',
        params,
        querystring,
        answers: { 202: Accepted },
      },
    },
    async (request, reply) => {
      if (!enabled) throw new AoError('ACCESS.DENIED', 'Push is disabled', { action: 'never' });
      const { id, number } = request.params;
      if (!/^\d{1,9}$/.test(number)) {
        throw new AoError('PUSH.NUMBER', "'number' parameter must be a valid number", { action: 'fix' });
      }
      const { 'process-id': processId, kind } = request.query;
      await pusher.push({ processId, source: id, kind, index: Number(number) });
      return reply.status(202).send({ message: 'Processing Message Result', id });
    },
  );
}
