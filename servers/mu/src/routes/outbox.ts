import { Id } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Ledger } from '../domain/ledger.ts';
import { nodePage, pageQuery } from './page.ts';

/** `GET /outbox/:processId`: what a process emitted and is not delivered, dead entries included, oldest first. */
export function outboxRoute(app: App, { ledger }: { ledger: Ledger }): void {
  const params = z.object({ processId: Id });
  app.get(
    '/outbox/:processId',
    {
      schema: {
        summary: 'What a process emitted and is not delivered.',
        params,
        querystring: pageQuery,
        answers: nodePage,
      },
    },
    async (request) => {
      const nodes = await ledger.undelivered(request.params.processId, request.query);
      return { nodes, hasNextPage: nodes.length === request.query.limit };
    },
  );
}
