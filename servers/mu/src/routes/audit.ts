import { Id } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Audit } from '../domain/audit.ts';

const Report = z.object({
  slots: z.number(),
  entries: z.number(),
  missing: z.array(
    z.object({
      key: z.string(),
      kind: z.enum(['message', 'process', 'assignment']),
      target: z.string(),
      source: z.string(),
      reason: z.string(),
    }),
  ),
  next: z.number().optional(),
});
const params = z.object({ processId: Id });
const querystring = z.object({ from: z.coerce.number().int().min(0).default(0) });

/**
 * `POST /audit/:processId`: names what the process emitted and no scheduler holds, for a bounded number of slots from
 * the nonce `from` on; `next` in the answer is where to go on.
 */
export function auditRoute(app: App, { audit }: { audit: Audit }): void {
  app.post(
    '/audit/:processId',
    {
      schema: {
        summary: 'Names what the process emitted and no scheduler holds.',
        params,
        querystring,
        answers: { 200: Report },
      },
    },
    async (request) => audit.run(request.params.processId, request.query.from),
  );
}
