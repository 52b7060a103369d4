import { formatBlockHeight } from '@ao-ts/core/schedule';
import type { App } from '@ao-ts/server-kit';

/** `GET /timestamp`: the time by which compute units know which cron messages are due. Both values are text. */
export function timestampRoute(
  app: App,
  { height, clock }: { height: () => Promise<number>; clock: () => number },
): void {
  app.get('/timestamp', async () => ({
    block_height: formatBlockHeight(await height()),
    timestamp: String(clock()),
  }));
}
