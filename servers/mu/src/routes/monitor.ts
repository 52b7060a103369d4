import { AoError } from '@ao-ts/core';
import { Id } from '@ao-ts/core/schemas';
import type { App, ProcessDirectory } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Admission } from '../domain/admission.ts';
import { readBody } from '../domain/client-item.ts';
import type { Monitors } from '../domain/monitors.ts';

interface MonitorOptions {
  monitors: Monitors;
  directory: ProcessDirectory;
  admission: Admission;
}

const ITEM = 'application/octet-stream';
const TEXT = { 200: 'text/plain' };
const params = z.object({ processId: Id });

/** `POST` and `DELETE /monitor/:processId`: starts and ends sending what the crons of a process emit. */
export function monitorRoutes(app: App, { monitors, directory, admission }: MonitorOptions): void {
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
