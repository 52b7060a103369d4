import { z } from 'zod';
import type { Chain } from '../domain/chain.ts';

export const NetworkInfo = z.object({
  network: z.string(),
  version: z.number(),
  height: z.number(),
  current: z.string().describe('Id of the newest block.'),
  blocks: z.number(),
  peers: z.number(),
});
export type NetworkInfo = z.output<typeof NetworkInfo>;

/** The answer to `GET /info`. */
export function networkInfo(chain: Chain): NetworkInfo {
  const height = chain.tip;
  const current = chain.block(height)?.id ?? '';
  return { network: 'ao.local.1', version: 5, height, current, blocks: height - chain.start + 1, peers: 0 };
}
