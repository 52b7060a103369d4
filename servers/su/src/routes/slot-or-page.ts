import { Readable } from 'node:stream';
import { ScheduleNode, SchedulePage } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import { nothingFound } from '../domain/errors.ts';
import { nodeJson } from '../domain/nodes.ts';
import { pageJson } from '../domain/page.ts';
import type { ProcessAccess } from '../domain/process-access.ts';
import type { ScheduleStore } from '../domain/schedule-store.ts';
import type { Slot } from '../domain/slot.ts';

const DEFAULT_LIMIT = 100;

// Clients in JavaScript send the word for what they leave out.
const unset = (text: unknown) => (text === 'undefined' || text === 'null' || text === '' ? undefined : text);

// "Without end" is written as the largest integer a client knows, which may be beyond ours.
const exact = (text: string) =>
  Math.max(Math.min(Number(text), Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);

const OptionalInteger = z.preprocess(
  unset,
  z
    .string()
    .regex(/^-?\d{1,20}$/, 'must be an integer')
    .transform(exact)
    .optional(),
);

const querystring = z.object({
  'process-id': z.preprocess(unset, z.string().optional()),
  'proc-id': z.preprocess(unset, z.string().optional()),
  from: OptionalInteger,
  to: OptionalInteger,
  'from-nonce': OptionalInteger,
  'to-nonce': OptionalInteger,
  limit: OptionalInteger,
  'show-anchor': z.string().optional(),
});

/** `GET /{id}`: the slot of an item or assignment, or a page of a process. */
export function slotOrPageRoute(
  app: App,
  { store, access, maxPageBytes }: { store: ScheduleStore; access: ProcessAccess; maxPageBytes: number },
): void {
  const params = z.object({ id: z.string() });
  const answers = { 200: z.union([ScheduleNode, SchedulePage]) };
  app.get(
    '/:id',
    {
      schema: {
        summary: 'The slot of an item or assignment, or a page of a process.',
        params,
        querystring,
        answers,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { query } = request;
      const showAnchor = query['show-anchor'] !== undefined;
      reply.type('application/json');

      const processId = query['process-id'] ?? query['proc-id'];
      const slot = await findSlot(store, id, processId);
      await access.checkRead(slot?.processId ?? id);
      if (slot) return reply.send(nodeJson(slot, showAnchor));

      const head = await store.latest(id);
      if (!head) throw nothingFound(id);
      const page = {
        from: query.from,
        to: query.to,
        fromNonce: query['from-nonce'],
        toNonce: query['to-nonce'],
        limit: query.limit ?? DEFAULT_LIMIT,
        showAnchor,
      };
      return reply.send(Readable.from(pageJson(store, head, page, maxPageBytes)));
    },
  );
}

/**
 * The slot that an id alone means, or undefined if the id is for a page. A process that was itself assigned to
 * another one is still paged by its id.
 */
async function findSlot(
  store: ScheduleStore,
  id: string,
  processId: string | undefined,
): Promise<Slot | undefined> {
  const slot = await store.find(id, processId);
  if (!slot || slot.item !== null || slot.assignmentId === id) return slot;
  const meantHere = slot.processId === processId && !(await store.hasProcess(id));
  return meantHere ? slot : undefined;
}
