import { AoError, isAoError } from '@ao-ts/core';
import { type GatewayClient, type HttpClient, MAX_BODY_BYTES } from '@ao-ts/server-kit';
import type { Arweave } from './domain/assignment-admission.ts';

/** The gateway as assignments ask it. Data larger than any message is not fetched. */
export function arweaveOf(gateway: GatewayClient): Arweave {
  return {
    transaction: (id) => gateway.transaction(id),
    data: (id) => gateway.data(id, MAX_BODY_BYTES),
    async confirmations(id) {
      try {
        return (await gateway.status(id)).number_of_confirmations;
      } catch (error) {
        if (isAoError(error, 'HTTP.STATUS') && error.facts.status === 404) return undefined;
        // Gateways answer 202 with a bare word while a transaction waits for its block.
        if (isAoError(error, 'HTTP.MALFORMED')) return undefined;
        throw error;
      }
    },
  };
}

/** True if one of the gateways has the id. @throws AoError `HTTP.UNREACHABLE`, `HTTP.TIMEOUT` if none can be asked */
export async function anyHas(http: HttpClient, gateways: readonly string[], id: string): Promise<boolean> {
  let failure: AoError | undefined;
  let asked = false;
  for (const gateway of gateways) {
    try {
      const { status } = await http.send(`${gateway}/${encodeURIComponent(id)}`, { method: 'HEAD' });
      if (status >= 200 && status < 300) return true;
      asked = true;
    } catch (error) {
      if (!(error instanceof AoError)) throw error;
      failure = error;
    }
  }
  if (failure && !asked) throw failure;
  return false;
}
