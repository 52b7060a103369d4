import { ResultsPage } from '@ao-ts/core/schemas';
import { z } from 'zod';
import { sendTagged } from './etag.ts';
import { ProcessPath } from './parameters.ts';
import { RangeQuery, resultsPage } from './results-page.ts';
import type { Route } from './room.ts';

const DEFAULT_LIMIT = 25;

/** Successful results that are stored already; nothing is evaluated for it. */
export const resultsRoute: Route = (app, { context }) => {
  app.get(
    '/results/:processId',
    {
      schema: {
        summary: 'Results that are stored already.',
        answers: { 200: ResultsPage },
        params: ProcessPath,
        querystring: RangeQuery.extend({ sort: z.enum(['ASC', 'DESC']).default('ASC') }),
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const page = await resultsPage(context.results, {
        processId: params.processId,
        only: 'all',
        from: query.from,
        to: query.to,
        sort: query.sort,
        sortOfCursorWins: true,
        limit: query.limit ?? DEFAULT_LIMIT,
      });
      // Results never change and new ones come at the end: the ends of a page tell the rest.
      const { edges, pageInfo } = page;
      const tag = [
        params.processId,
        edges[0]?.cursor,
        edges.at(-1)?.cursor,
        edges.length,
        pageInfo.hasNextPage,
      ];
      return sendTagged(request, reply, tag, page);
    },
  );
};
