import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { refused } from '../domain/errors.ts';

/** Lets only listed addresses write. The proxy in front says whose address it is, in `X-Real-IP`. */
export function allowOnlyListed(app: App, list: () => Promise<ReadonlySet<string>>): void {
  app.addHook('onRequest', async (request) => {
    if (request.method !== 'POST') return;
    const address = request.headers['x-real-ip'];
    if (typeof address !== 'string') throw refused('Access denied');
    if ((await list()).has(address)) return;
    throw new AoError('ACCESS.DENIED', 'Access denied', { action: 'never', facts: { address } });
  });
}
