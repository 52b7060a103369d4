import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Ledger } from '../domain/ledger.ts';

const Counts = z.object({ pending: z.number(), unsure: z.number(), dead: z.number() });

/** `GET /status`: how much is on its way; nothing is in flight when `pending` is 0. */
export function statusRoute(app: App, { ledger }: { ledger: Ledger }): void {
  app.get('/status', { schema: { summary: 'How much is on its way.', answers: { 200: Counts } } }, async () =>
    ledger.counts(),
  );
}
