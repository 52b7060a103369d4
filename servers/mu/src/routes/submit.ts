import { AoError } from '@ao-ts/core';
import { Id } from '@ao-ts/core/schemas';
import { type App, annotate, currentTrace, type ProcessDirectory } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Admission } from '../domain/admission.ts';
import { readBody, rootOf } from '../domain/client-item.ts';
import type { Messenger } from '../domain/messenger.ts';
import { onHyperbeam } from '../domain/scheduler.ts';

interface SubmitOptions {
  messenger: Messenger;
  directory: ProcessDirectory;
  admission: Admission;
}

const Accepted = z.object({
  message: z.string(),
  id: z.string().nullable(),
  processId: z.string().nullable().optional().describe('Where a HyperBEAM node schedules it.'),
});

// What is empty counts as missing: the answer to that says more.
const IdOrNothing = z.union([Id, z.literal('')], 'must be 43 characters of base64url').optional();

const querystring = z.object({
  'process-id': IdOrNothing,
  assign: IdOrNothing,
  'base-layer': z.string().optional(),
  exclude: z.string().optional(),
});

/**
 * `POST /`: takes a signed message or process to its scheduler; with `process-id` and `assign`, assigns what
 * `assign` names to the process. Answered when the scheduler has it; its result is seen to afterwards.
 */
export function submitRoute(app: App, { messenger, directory, admission }: SubmitOptions): void {
  app.post(
    '/',
    {
      schema: {
        summary: 'Takes a signed message or process to its scheduler, or assigns.',
        takes: 'application/octet-stream',
        querystring,
        answers: { 202: Accepted },
      },
    },
    async (request, reply) => {
      const { 'process-id': processId, assign, 'base-layer': baseLayer, exclude } = request.query;
      reply.status(202);
      if (processId === undefined && assign === undefined) {
        const item = await readBody(request.body);
        const root = rootOf(item);
        annotate({ messageId: item.id, ...(root.kind === 'message' ? { processId: root.target } : {}) });
        const process = root.kind === 'message' ? { process: root.target } : {};
        admission.check({
          ip: request.ip,
          wallet: item.ownerAddress,
          fromProcess: item.tag('From-Process'),
          ...process,
        });
        const { tags } = root.kind === 'message' ? await directory.find(root.target) : item;
        const { id } = await messenger.submit({ ...root, ...traceOf() });
        const accepted = { message: 'Processing DataItem', id: item.id };
        // There a new process may have another id than its item.
        return onHyperbeam(tags) ? { ...accepted, processId: root.target || id } : accepted;
      }
      if (!processId || !assign) {
        throw new AoError(
          'REQUEST.ASSIGN',
          'You must set both process-id and assign to send an assignment, not just one',
          { action: 'fix' },
        );
      }
      admission.check({ ip: request.ip, process: processId });
      await directory.find(processId);
      const key = `assign/${processId}/${assign}`;
      const plan = {
        messageId: assign,
        baseLayer: baseLayer !== undefined,
        exclude: exclude?.split(',').filter((name) => name !== '') ?? [],
      };
      const { id } = await messenger.submit({
        key,
        lane: key,
        kind: 'assignment',
        target: processId,
        depth: 0,
        plan,
        ...traceOf(),
      });
      return { message: 'Processing Assignment', id };
    },
  );
}

/** The trace of the request; what is sent because of it, later or after a restart, belongs to it too. */
function traceOf(): { trace?: string } {
  const trace = currentTrace();
  return trace === undefined ? {} : { trace };
}
