import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { NetworkInfo, networkInfo } from './network-info.ts';
import { Height } from './params.ts';

const Count = z.object({ count: Height.default(1) });

/** Adds blocks now, whatever the block time is. */
export function mineRoutes(app: App, { chain }: Context): void {
  for (const url of ['/mine', '/mine/:count']) {
    app.route({
      method: ['GET', 'POST'],
      url,
      exposeHeadRoute: false,
      schema: { summary: 'Adds blocks now.', params: Count, answers: { 200: NetworkInfo } },
      handler: async (request) => {
        chain.mine((request.params as z.output<typeof Count>).count);
        return networkInfo(chain);
      },
    });
  }
}
