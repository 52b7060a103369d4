import { SchedulerInfo } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';

/** `GET /`: who schedules here. */
export function identityRoute(app: App, { address, clock }: { address: string; clock: () => number }): void {
  app.get('/', { schema: { summary: 'Who schedules here.', answers: { 200: SchedulerInfo } } }, async () => ({
    address,
    timestamp: String(clock()),
  }));
}
