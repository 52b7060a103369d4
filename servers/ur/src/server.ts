import { AoError } from '@ao-ts/core';
import { createApp, listen, statusOf, takeAnyBody, type Unit } from '@ao-ts/server-kit';
import type { Config } from './config.ts';
import { createContext, type Overrides } from './context.ts';
import { Health } from './domain/health.ts';
import { byModulo, byRendezvous } from './domain/host-order.ts';
import { Router } from './domain/router.ts';
import { computeRoutes } from './routes/compute.ts';
import { forwarding } from './routes/forward.ts';
import { healthcheckRoute } from './routes/healthcheck.ts';
import { messengerRoutes } from './routes/messenger.ts';
import { passing } from './routes/room.ts';
import { schedulerRoutes } from './routes/scheduler.ts';

const UNITS = {
  cu: { name: 'compute unit', routes: computeRoutes },
  mu: { name: 'messenger unit', routes: messengerRoutes },
  su: { name: 'scheduler unit', routes: schedulerRoutes },
};

/** Makes a unit router: one address for many units of one kind. It keeps no state. */
export async function create(config: Config, overrides: Overrides = {}): Promise<Unit> {
  const context = createContext(config, overrides);
  const { logger, upstreams } = context;
  const unit = UNITS[config.AO_UNIT];
  const { app, metrics, readiness } = await createApp({
    unit: 'ur',
    logger,
    statusOf: statusForClients(config.AO_UNIT),
    config,
    http: context.http,
    bodyLimit: config.MAX_BODY_BYTES,
  });
  const health = new Health({
    hosts: config.HOSTS,
    check: (host) => upstreams.check(host),
    intervalMs: config.HEALTH_INTERVAL_MS,
    onChange: (host, up) => logger.warn({ host }, up ? `${unit.name} is back` : `${unit.name} is away`),
  });
  const router = new Router({
    order: config.HASHING === 'modulo' ? byModulo(config.HOSTS) : byRendezvous(config.HOSTS),
    health,
    overrides: {
      byProcess: config.PROCESS_TO_HOST,
      byOwner: config.OWNER_TO_HOST,
      byFromModule: config.FROM_MODULE_TO_HOST,
    },
    findFacts: async (processId) => context.processes?.find(processId),
  });
  readiness.needs(unit.name, () => {
    if (health.up > 0) return;
    throw new AoError('UPSTREAM.AWAY', `No ${unit.name} behind this router is up.`, { action: 'retry' });
  });
  metrics.gauge('ao_ur_hosts', 'Units behind this router.', () => config.HOSTS.length);
  metrics.gauge('ao_ur_hosts_up', 'Units behind this router that are up.', () => health.up);

  // Nothing is decoded: what is sent on is what came, and the unit judges it.
  takeAnyBody(app);
  healthcheckRoute(app);
  const forward = forwarding(app, { router, health, upstreams, strategy: config.STRATEGY, unit: unit.name });
  unit.routes(passing(app, forward), config);

  let url: string | undefined;
  return {
    get url() {
      if (url === undefined) throw new Error('The unit router is not started.');
      return url;
    },
    async start() {
      url = await listen(app, 'unit router', { host: config.HOST, port: config.PORT });
      health.start();
      logger.info({ url, hosts: config.HOSTS }, `router of ${unit.name}s ready`);
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      health.stop();
      await upstreams.close();
      await context.http.close();
    },
  };
}

/** What is no item has a status of its own at routers of messengers: it tells it from what a unit has refused. */
function statusForClients(unit: Config['AO_UNIT']): (error: AoError) => number {
  return (error) => {
    if (error.code === 'UPSTREAM.UNSURE') return 502;
    return unit === 'mu' && /^(ITEM|ANS104)\.|^REQUEST\.BODY$/.test(error.code) ? 422 : statusOf(error);
  };
}
