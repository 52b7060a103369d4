import { type Cursor, decodeBound, encodeCursor, type Sort } from '@ao-ts/core/schedule';
import { z } from 'zod';
import type { Evaluation, Place, ResultQuery, ResultStore } from '../domain/result-store.ts';

const MAX_PAGE = 1000;

export const RangeQuery = z.object({
  from: z.string().optional(),
  to: z.string().optional(),
  limit: z.coerce.number().int().min(0).optional(),
});

interface PageRequest extends Omit<ResultQuery, 'from' | 'to' | 'descending'> {
  from: string | undefined;
  to: string | undefined;
  sort: Sort;
  /** A cursor brings its order along; it wins over `sort`. */
  sortOfCursorWins: boolean;
}

/**
 * A page of results in the envelope clients know.
 * @throws AoError `RESULTS.CURSOR`
 */
export async function resultsPage(results: ResultStore, request: PageRequest) {
  const from = bound(request.from);
  const to = bound(request.to);
  const sort = (request.sortOfCursorWins && (from?.sort ?? to?.sort)) || request.sort;
  const limit = Math.min(request.limit, MAX_PAGE);
  const found = await results.list({
    processId: request.processId,
    only: request.only,
    from: from?.place,
    to: to?.place,
    descending: sort === 'DESC',
    limit: limit + 1,
  });
  return {
    pageInfo: { hasNextPage: found.length > limit },
    edges: found.slice(0, limit).map((evaluation) => ({
      node: listed(evaluation),
      cursor: encodeCursor(cursorOf(evaluation, sort)),
    })),
  };
}

/** The time a bound stands for, in ms. @throws AoError `RESULTS.CURSOR` */
export function timeOf(text: string | undefined): number | undefined {
  return bound(text)?.place.timestamp;
}

function bound(text: string | undefined): { place: Place; sort: Sort | undefined } | undefined {
  if (text === undefined || text === '') return undefined;
  const read = decodeBound(text);
  if ('timestamp' in read) return { place: { timestamp: whole(read.timestamp) }, sort: undefined };
  const { timestamp, ordinate, cron, sort } = read.cursor;
  return { place: { timestamp: whole(timestamp), nonce: ordinate, cron }, sort };
}

/** The nearest time a store can hold. */
function whole(timestamp: number): number {
  return Math.trunc(Math.min(Math.max(timestamp, 0), Number.MAX_SAFE_INTEGER));
}

function cursorOf({ timestamp, nonce, cron }: Evaluation, sort: Sort): Cursor {
  return { timestamp, ordinate: nonce, cron, sort };
}

/** Lists leave the gas out. */
function listed({ body }: Evaluation) {
  const { Messages, Assignments, Spawns, Output } = JSON.parse(body) as Record<string, unknown>;
  return { Messages, Assignments, Spawns, Output };
}
