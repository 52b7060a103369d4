import { ScheduledProcess } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import { processNotFound } from '../domain/errors.ts';
import { processJson } from '../domain/nodes.ts';
import type { ProcessAccess } from '../domain/process-access.ts';
import type { ScheduleStore } from '../domain/schedule-store.ts';

/** `GET /processes/{id}`: the definition of a process. */
export function processRoute(
  app: App,
  { store, access }: { store: ScheduleStore; access: ProcessAccess },
): void {
  const params = z.object({ processId: z.string() });
  app.get(
    '/processes/:processId',
    { schema: { summary: 'The definition of a process.', params, answers: { 200: ScheduledProcess } } },
    async (request, reply) => {
      const { processId } = request.params;
      await access.checkRead(processId);
      const slot = await store.slot(processId, 0);
      if (!slot?.item) throw processNotFound(processId);
      return reply.type('application/json').send(processJson({ ...slot, item: slot.item }));
    },
  );
}
