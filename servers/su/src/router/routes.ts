import { type App, takeAnyBody } from '@ao-ts/server-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { refused } from '../domain/errors.ts';
import { readItem } from '../domain/item-admission.ts';
import { bodyOf } from '../routes/body.ts';
import type { RouteStore } from './route-store.ts';
import { chooseScheduler } from './schedulers.ts';

const querystring = z.object({
  'process-id': z.string().optional(),
  'proc-id': z.string().optional(),
  assign: z.string().optional(),
});

const SUMMARY = 'Leads to the scheduler of the process.';
const REDIRECT = { 307: 'text/plain' };

type Query = z.output<typeof querystring>;

/** Sends every request of a process to its scheduler: 307 to the same path and query there. */
export function redirectRoutes(app: App, store: RouteStore): void {
  const redirect = (request: FastifyRequest, reply: FastifyReply, url: string) =>
    reply
      .status(307)
      .header('location', url + request.url)
      .send();

  const toProcess = async (request: FastifyRequest, reply: FastifyReply, processId: string | undefined) => {
    if (processId === undefined) throw refused('No process-id query parameter provided');
    const url = await store.find(processId);
    if (url === undefined) throw refused('NotFound("Process scheduler not found")', { processId });
    return redirect(request, reply, url);
  };
  const named = (query: Query) => query['process-id'] ?? query['proc-id'];

  for (const path of ['/', '/timestamp']) {
    app.get(path, { schema: { summary: SUMMARY, querystring, answers: REDIRECT } }, (request, reply) =>
      toProcess(request, reply, named(request.query)),
    );
  }
  const params = z.object({ id: z.string() });
  for (const path of ['/:id', '/:id/latest', '/processes/:id']) {
    app.get(
      path,
      { schema: { summary: SUMMARY, params, querystring, answers: REDIRECT } },
      (request, reply) => toProcess(request, reply, named(request.query) ?? request.params.id),
    );
  }

  takeAnyBody(app);
  app.post(
    '/',
    { schema: { summary: SUMMARY, takes: 'application/octet-stream', querystring, answers: REDIRECT } },
    async (request, reply) => {
      const { 'process-id': processId, assign } = request.query;
      if (processId !== undefined && assign !== undefined) {
        const url = await store.find(processId);
        if (url === undefined) throw refused('Unable to locate scheduler for process-id', { processId });
        return redirect(request, reply, url);
      }
      const { item, type } = await readItem(bodyOf(request));
      const url =
        type === 'Message'
          ? await store.find(item.targetId)
          : await placeProcess(store, item.id, item.ownerAddress);
      if (url === undefined) throw refused('Unable to locate scheduler for message target');
      return redirect(request, reply, url);
    },
  );
}

// A spawn that is posted again goes where the first one went, whatever the load is today.
async function placeProcess(store: RouteStore, processId: string, owner: string): Promise<string> {
  const known = await store.find(processId);
  if (known !== undefined) return known;
  const chosen = chooseScheduler(await store.schedulers(), owner);
  if (!chosen) throw refused('Could not find a scheduler to assign');
  return store.bind(processId, chosen.url);
}
