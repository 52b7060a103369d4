import { createApp, listen, statusOf, type Unit } from '@ao-ts/server-kit';
import type { Config } from './config.ts';
import { createContext, type Overrides } from './context.ts';
import { blockRoutes } from './routes/blocks.ts';
import { chunkRoutes } from './routes/chunk.ts';
import { dataRoutes } from './routes/data.ts';
import { graphqlRoute } from './routes/graphql.ts';
import { infoRoutes } from './routes/info.ts';
import { mineRoutes } from './routes/mine.ts';
import { transactionRoutes } from './routes/transactions.ts';
import { uploadRoutes } from './routes/upload.ts';
import { walletRoutes } from './routes/wallets.ts';

/** A local Arweave: takes transactions and data items, mines blocks, answers GraphQL. */
export async function create(config: Config, overrides: Overrides = {}): Promise<Unit> {
  const context = await createContext(config, overrides);
  const { app, metrics, readiness } = await createApp({
    unit: 'gateway',
    logger: context.logger,
    statusOf,
    config,
  });
  app.addHook('onClose', async () => context.close());
  metrics.gauge('ao_gateway_height', 'Height of the newest block.', () => context.chain.tip);
  readiness.needs('store', () => context.store.lastHeight());
  for (const routes of [
    uploadRoutes,
    chunkRoutes,
    infoRoutes,
    blockRoutes,
    mineRoutes,
    walletRoutes,
    transactionRoutes,
    graphqlRoute,
    dataRoutes,
  ]) {
    await app.register(async (scope) => routes(scope, context));
  }
  let url = '';
  return {
    get url() {
      return url;
    },
    async start() {
      url = await listen(app, 'gateway', { host: config.HOST, port: config.PORT });
    },
    async [Symbol.asyncDispose]() {
      await app.close();
    },
  };
}
