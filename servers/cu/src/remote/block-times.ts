import { AoError } from '@ao-ts/core';
import type { GatewayClient } from '@ao-ts/server-kit';
import { patiently } from './patiently.ts';

const PAGE = 90;
const MAX_KNOWN = 100_000;

/** When the blocks of Arweave were mined. */
export class BlockTimes {
  readonly #gateway: GatewayClient;
  readonly #known = new Map<number, number>();

  constructor(gateway: GatewayClient) {
    this.#gateway = gateway;
  }

  /** Unix milliseconds. @throws AoError `BLOCK.NOT_FOUND` if the gateway does not have the block yet */
  async time(height: number): Promise<number> {
    const known = this.#known.get(height);
    if (known !== undefined) return known;
    return patiently(
      async () => {
        if (this.#known.size > MAX_KNOWN) this.#known.clear();
        for (const block of await this.#gateway.blocks(height, PAGE))
          this.#known.set(block.height, block.timestamp * 1000);
        const time = this.#known.get(height);
        if (time === undefined) throw missing(height);
        return time;
      },
      () => missing(height),
    );
  }
}

function missing(height: number): AoError {
  return new AoError(
    'BLOCK.NOT_FOUND',
    `The gateway does not have block ${height} yet; a cron waits for it.`,
    {
      action: 'retry',
      facts: { height },
    },
  );
}
