import { z } from 'zod';
import type { Route } from '../server.ts';
import { ProcessPath } from './parameters.ts';
import { RangeQuery, resultsPage } from './results-page.ts';

const DEFAULT_LIMIT = 25;

/** Successful results that are stored already; nothing is evaluated for it. */
export const resultsRoute: Route = (app, { context }) => {
  app.get(
    '/results/:processId',
    {
      schema: {
        params: ProcessPath,
        querystring: RangeQuery.extend({ sort: z.enum(['ASC', 'DESC']).default('ASC') }),
      },
    },
    ({ params, query }) =>
      resultsPage(context.results, {
        processId: params.processId,
        only: 'all',
        from: query.from,
        to: query.to,
        sort: query.sort,
        sortOfCursorWins: true,
        limit: query.limit ?? DEFAULT_LIMIT,
      }),
  );
};
