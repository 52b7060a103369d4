import type { App } from '@ao-ts/server-kit';

/** `GET /`: who schedules here. */
export function identityRoute(app: App, { address, clock }: { address: string; clock: () => number }): void {
  app.get('/', async () => ({ address, timestamp: String(clock()) }));
}
