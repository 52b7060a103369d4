import { createApp, createLogger, HttpClient, listen, type Unit } from '@ao-ts/server-kit';
import type { Logger } from 'pino';
import { RefreshedValues } from '../domain/refreshed.ts';
import { addressList } from '../remote-lists.ts';
import { allowOnlyListed } from '../routes/address-list.ts';
import { statusOf } from '../status.ts';
import type { RouterConfig } from './config.ts';
import type { RouteStore } from './route-store.ts';
import { redirectRoutes } from './routes.ts';
import { readSchedulerList } from './scheduler-list.ts';
import { SqliteRouteStore } from './sqlite-route-store.ts';

export interface RouterOverrides {
  logger?: Logger;
  store?: RouteStore;
}

/** Makes a router: one address for many scheduler units, which share a wallet. It answers with redirects only. */
export async function createRouter(config: RouterConfig, overrides: RouterOverrides = {}): Promise<Unit> {
  const logger = overrides.logger ?? createLogger({ name: 'su-router', level: config.LOG_LEVEL });
  const schedulers = await readSchedulerList(config.SCHEDULER_LIST_PATH);
  const store = overrides.store ?? new SqliteRouteStore(config.DB_URL);
  await store.configure(schedulers);
  const http = new HttpClient();
  const fresh = new RefreshedValues((reason, what) => {
    logger.warn({ reason }, `${what} can not be refreshed`);
  });
  const { app, readiness } = await createApp({ unit: 'su_router', logger, statusOf, config, http });
  readiness.needs('store', () => store.schedulers());
  const addresses = addressList(config, { http, fresh });
  if (addresses) allowOnlyListed(app, addresses);
  redirectRoutes(app, store);

  let url: string | undefined;
  return {
    get url() {
      if (url === undefined) throw new Error('The router is not started.');
      return url;
    },
    async start() {
      url = await listen(app, 'router', { host: config.HOST, port: config.PORT });
      fresh.start();
      logger.info({ url, schedulers: schedulers.length }, 'router ready');
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      fresh.stop();
      await http.close();
      await store.close();
    },
  };
}
