import type { ServerResponse } from 'node:http';
import { headersOf } from '@ao-ts/server-kit';
import { z } from 'zod';
import { ProcessPath } from './parameters.ts';
import { resultsPage } from './results-page.ts';
import type { Route } from './room.ts';

const HEARTBEAT_MS = 15_000;
const PAGE = 100;
const Headers = z.object({ 'last-event-id': z.string().optional() });

/**
 * Results as they are stored, as server-sent events: `id` is the cursor, `data` an edge of `/results`. Starts after the
 * cursor `from` (or `Last-Event-ID`, which browsers send when they reconnect), else with what comes next.
 */
export const resultsStreamRoute: Route = (app, { context }) => {
  const { results, events } = context;
  const open = new Set<AbortController>();
  app.addHook('preClose', async () => {
    for (const stream of open) stream.abort();
  });

  const page = (processId: string, from: string | undefined, sort: 'ASC' | 'DESC', limit: number) =>
    resultsPage(results, {
      ...{ processId, from, sort, limit },
      to: undefined,
      only: 'all',
      sortOfCursorWins: false,
    });

  app.get(
    '/results/:processId/stream',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Results as they are stored, as server-sent events.',
        answers: { 200: 'text/event-stream' },
        params: ProcessPath,
        querystring: z.object({ from: z.string().optional() }),
        headers: Headers,
      },
    },
    async (request, reply) => {
      const { params, query, headers } = request;
      const { processId } = params;
      let cursor = headers['last-event-id'] ?? query.from;
      // A cursor that can not be read is refused before the stream begins.
      const first = await page(processId, cursor, cursor === undefined ? 'DESC' : 'ASC', 1);
      cursor ??= first.edges[0]?.cursor;

      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        ...headersOf(reply),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
      });
      raw.write(': results\n\n');
      const stop = new AbortController();
      open.add(stop);
      raw.on('close', () => stop.abort());
      const heartbeat = setInterval(() => {
        raw.write(': alive\n\n');
        // Another unit on the same database may have stored something.
        events.notify(processId);
      }, HEARTBEAT_MS);
      try {
        while (!stop.signal.aborted) {
          // Asked for before the list is read, so that nothing falls in between.
          const more = events.next(processId, stop.signal);
          const { edges, pageInfo } = await page(processId, cursor, 'ASC', PAGE);
          for (const edge of edges) {
            await write(raw, `id: ${edge.cursor}\ndata: ${JSON.stringify(edge)}\n\n`, stop.signal);
            cursor = edge.cursor;
          }
          if (!pageInfo.hasNextPage) await more;
        }
      } catch (err) {
        request.log.warn({ err, processId }, 'a stream of results ends');
      } finally {
        // Whatever the reason, a reader whose stream ends comes again and says where it was.
        clearInterval(heartbeat);
        open.delete(stop);
        raw.end();
      }
    },
  );
};

/** Waits for a slow reader instead of filling the memory. */
async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted || response.write(text)) return;
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
