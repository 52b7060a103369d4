import { Scheduled } from '@ao-ts/core/schemas';
import { type App, annotate, takeAnyBody } from '@ao-ts/server-kit';
import { z } from 'zod';
import { type Arweave, admitAssignment } from '../domain/assignment-admission.ts';
import { refused } from '../domain/errors.ts';
import { admitItem, type ItemAdmissionOptions } from '../domain/item-admission.ts';
import type { ScheduleStore } from '../domain/schedule-store.ts';
import type { Scheduler } from '../domain/scheduler.ts';
import type { Slot } from '../domain/slot.ts';
import { bodyOf } from './body.ts';

export interface ScheduleRouteOptions extends ItemAdmissionOptions {
  scheduler: Scheduler;
  store: ScheduleStore;
  arweave: Arweave;
}

const querystring = z.object({
  'process-id': z.string().optional(),
  assign: z.string().optional(),
  'base-layer': z.string().optional(),
  exclude: z.string().optional(),
});

/** `POST /`: schedules the signed item in the body, or assigns what `assign` names to the process `process-id`. */
export function scheduleRoute(app: App, options: ScheduleRouteOptions): void {
  const { scheduler } = options;
  takeAnyBody(app);

  app.post(
    '/',
    {
      schema: {
        summary: 'Schedules the signed item in the body, or assigns.',
        takes: 'application/octet-stream',
        querystring,
        answers: { 200: Scheduled },
      },
    },
    async (request) => {
      const { 'process-id': processId, assign, 'base-layer': baseLayer, exclude } = request.query;
      if (processId !== undefined && assign !== undefined) {
        const entry = await admitAssignment(
          {
            processId,
            assign,
            baseLayer: baseLayer !== undefined,
            exclude: exclude?.split(',').filter((name) => name !== '') ?? [],
          },
          options,
        );
        annotate({ processId, messageId: assign });
        const slot = await scheduler.schedule(entry);
        return answer(slot.assignmentId, slot);
      }
      if (processId !== undefined || assign !== undefined) {
        throw refused('If sending assign or process-id, you must send both.');
      }
      const entry = await admitItem(bodyOf(request), options);
      annotate({ processId: entry.processId, messageId: entry.itemId });
      const slot = await scheduler.schedule(entry);
      return answer(slot.itemId, slot);
    },
  );
}

function answer(id: string, { timestamp, nonce }: Slot): Scheduled {
  return { id, timestamp, nonce };
}
