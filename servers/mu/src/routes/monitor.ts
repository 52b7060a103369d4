import { AoError } from '@ao-ts/core';
import { Id } from '@ao-ts/core/schemas';
import type { App, ProcessDirectory } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Admission } from '../domain/admission.ts';
import { readBody } from '../domain/client-item.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { Monitors } from '../domain/monitors.ts';

interface MonitorOptions {
  monitors: Monitors;
  ledger: Pick<Ledger, 'monitors'>;
  directory: ProcessDirectory;
  admission: Admission;
}

const ITEM = 'application/octet-stream';
const TEXT = { 200: 'text/plain' };
const params = z.object({ processId: Id });

const MonitorPage = z.object({
  monitors: z.array(
    z.object({
      processId: z.string(),
      cursor: z.string().nullable(),
      started: z.boolean(),
      failures: z.number().describe('In a row.'),
      error: z.string().nullable(),
      failingSince: z.number().nullable().describe('Unix ms.'),
      endedAt: z.number().nullable().describe('Unix ms.'),
    }),
  ),
  hasNextPage: z.boolean(),
});

const page = z.object({
  after: z.string().default(''),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
});

/**
 * `POST` and `DELETE /monitor/:processId`: starts and ends sending what the crons of a process emit. `GET /monitors`: how
 * each of them does.
 */
export function monitorRoutes(app: App, { monitors, ledger, directory, admission }: MonitorOptions): void {
  app.get(
    '/monitors',
    {
      schema: {
        summary: 'Monitored processes, and why those fail that do.',
        querystring: page,
        answers: { 200: MonitorPage },
      },
    },
    async (request) => {
      const found = await ledger.monitors(request.query);
      return { monitors: found, hasNextPage: found.length === request.query.limit };
    },
  );

  app.post(
    '/monitor/:processId',
    {
      schema: {
        summary: 'Starts sending what the crons of a process emit.',
        takes: ITEM,
        params,
        answers: TEXT,
      },
    },
    async (request, reply) => {
      const { processId } = request.params;
      const wallet = await checkRequest(request.body, processId);
      admission.check({ ip: request.ip, process: processId, wallet });
      await directory.find(processId);
      await monitors.add(processId);
      return reply.type('text/plain').send('Monitoring process');
    },
  );

  app.delete(
    '/monitor/:processId',
    { schema: { summary: 'Ends it.', takes: ITEM, params, answers: TEXT } },
    async (request, reply) => {
      const { processId } = request.params;
      await checkRequest(request.body, processId);
      if (await monitors.remove(processId)) return reply.type('text/plain').send('Process deleted');
      throw new AoError('REQUEST.NOT_FOUND', 'Process monitor not found', { action: 'fix' });
    },
  );
}

/** The address of who signed the request. */
async function checkRequest(body: unknown, processId: string): Promise<string> {
  const { targetId, ownerAddress } = await readBody(body);
  if (targetId === processId) return ownerAddress;
  throw new AoError(
    'ITEM.TARGET',
    `The signed item has the target '${targetId}'; it must be the process of the URL, ${processId}.`,
    { action: 'fix' },
  );
}
