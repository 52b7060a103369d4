import { formatBlockHeight } from '@ao-ts/core/schedule';
import type { App } from '@ao-ts/server-kit';
import type { BlockHeight } from '../domain/block-height.ts';

/** `GET /timestamp`: the time by which compute units know which cron messages are due. Both values are text. */
export function timestampRoute(
  app: App,
  { height, clock }: { height: BlockHeight; clock: () => number },
): void {
  app.get('/timestamp', async () => ({
    block_height: formatBlockHeight(await height.current()),
    timestamp: String(clock()),
  }));
}
