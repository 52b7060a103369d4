import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Ledger } from '../domain/ledger.ts';
import { nodePage, pageQuery } from './page.ts';

/** `GET /messages/:id`: a message, process or assignment and everything it caused, oldest first. */
export function messagesRoute(app: App, { ledger }: { ledger: Ledger }): void {
  const params = z.object({ '*': z.string().min(1) });
  app.get(
    '/messages/*',
    {
      schema: {
        summary: 'A message and everything it caused.',
        params,
        querystring: pageQuery,
        answers: nodePage,
      },
    },
    async (request) => {
      const { '*': id } = request.params;
      const nodes = await ledger.tree(id, request.query);
      if (nodes.length === 0 && request.query.after === 0) {
        throw new AoError('REQUEST.NOT_FOUND', `This messenger has not handled ${id}.`, { action: 'fix' });
      }
      return { nodes, hasNextPage: nodes.length === request.query.limit };
    },
  );
}
