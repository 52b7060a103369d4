import { ResultsPage } from '@ao-ts/core/schemas';
import { ProcessPath } from './parameters.ts';
import { RangeQuery, resultsPage, timeOf } from './results-page.ts';
import type { Route } from './room.ts';

const DEFAULT_LIMIT = 500;

/** Results of cron messages. */
export const cronRoute: Route = (app, { context, engine }) => {
  app.get(
    '/cron/:processId',
    {
      schema: {
        summary: 'Results of cron messages.',
        params: ProcessPath,
        querystring: RangeQuery,
        answers: { 200: ResultsPage },
      },
    },
    async ({ params, query }) => {
      await engine.cron(params.processId, timeOf(query.to));
      return resultsPage(context.results, {
        processId: params.processId,
        only: 'cron',
        from: query.from,
        to: query.to,
        sort: 'ASC',
        sortOfCursorWins: false,
        limit: query.limit ?? DEFAULT_LIMIT,
      });
    },
  );
};
