import type { App } from '@ao-ts/server-kit';
import type { Ledger } from '../domain/ledger.ts';

/** `GET /status`: how much is on its way; nothing is in flight when `pending` is 0. */
export function statusRoute(app: App, { ledger }: { ledger: Ledger }): void {
  app.get('/status', async () => ledger.counts());
}
