import type { Chain } from '../domain/chain.ts';

export interface NetworkInfo {
  network: string;
  version: number;
  height: number;
  /** Id of the newest block. */
  current: string;
  blocks: number;
  peers: number;
}

/** The answer to `GET /info`. */
export function networkInfo(chain: Chain): NetworkInfo {
  const height = chain.tip;
  const current = chain.block(height)?.id ?? '';
  return { network: 'ao.local.1', version: 5, height, current, blocks: height - chain.start + 1, peers: 0 };
}
