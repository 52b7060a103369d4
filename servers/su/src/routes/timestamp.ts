import { formatBlockHeight } from '@ao-ts/core/schedule';
import { SchedulerTime } from '@ao-ts/core/schemas';
import type { App } from '@ao-ts/server-kit';

/** `GET /timestamp`: the time by which compute units know which cron messages are due. Both values are text. */
export function timestampRoute(
  app: App,
  { height, clock }: { height: () => Promise<number>; clock: () => number },
): void {
  app.get(
    '/timestamp',
    { schema: { summary: 'What the scheduler takes for now.', answers: { 200: SchedulerTime } } },
    async () => ({
      block_height: formatBlockHeight(await height()),
      timestamp: String(clock()),
    }),
  );
}
