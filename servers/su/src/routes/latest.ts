import { ScheduleNode } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import { noLatest } from '../domain/errors.ts';
import { nodeJson } from '../domain/nodes.ts';
import type { ProcessAccess } from '../domain/process-access.ts';
import type { ScheduleStore } from '../domain/schedule-store.ts';

/** `GET /{process}/latest`: the newest slot; of a process without messages, its own. */
export function latestRoute(
  app: App,
  { store, access }: { store: ScheduleStore; access: ProcessAccess },
): void {
  const params = z.object({ processId: z.string() });
  app.get(
    '/:processId/latest',
    { schema: { summary: 'The newest slot of a process.', params, answers: { 200: ScheduleNode } } },
    async (request, reply) => {
      const { processId } = request.params;
      await access.checkRead(processId);
      const slot = await store.latest(processId);
      if (!slot) throw noLatest(processId);
      return reply.type('application/json').send(nodeJson(slot));
    },
  );
}
