import { AoError } from '@ao-ts/core';
import { type App, plainAddress } from '@ao-ts/server-kit';

/** Lets only listed addresses write. Behind a trusted proxy, the address is the one it names. */
export function allowOnlyListed(app: App, list: () => Promise<ReadonlySet<string>>): void {
  app.addHook('onRequest', async (request) => {
    if (request.method !== 'POST') return;
    const address = plainAddress(request.ip);
    if ((await list()).has(address)) return;
    throw new AoError('ACCESS.DENIED', 'Access denied', { action: 'never', facts: { address } });
  });
}
