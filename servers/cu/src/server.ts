import { answers, createApp, listen, statusOf, type Unit } from '@ao-ts/server-kit';
import type { Config } from './config.ts';
import { createContext, type Overrides } from './context.ts';
import { createEngine } from './create-engine.ts';
import { EvaluationSpans } from './evaluation-spans.ts';
import { Measures } from './metrics.ts';
import { cronRoute } from './routes/cron.ts';
import { dryRunRoute } from './routes/dry-run.ts';
import { identityRoute } from './routes/identity.ts';
import { readOnlyRoutes } from './routes/read-only.ts';
import { resultRoute } from './routes/result.ts';
import { resultsRoute } from './routes/results.ts';
import { resultsStreamRoute } from './routes/results-stream.ts';
import type { Room } from './routes/room.ts';
import { stateRoute } from './routes/state.ts';

/** Makes a Compute Unit. It evaluates schedules, so it can start and answer what is stored with all other units away. */
export async function create(config: Config, overrides: Overrides = {}): Promise<Unit> {
  const context = await createContext(config, overrides);
  const { logger } = context;
  const { app, metrics, readiness, tracer } = await createApp({
    unit: 'cu',
    logger,
    statusOf,
    config,
    http: context.http,
  });
  const running = createEngine(config, context, {
    measures: new Measures(metrics),
    spans: new EvaluationSpans(tracer),
  });
  const { engine, admitted } = running;
  readiness.needs('store', () => context.results.newestNonce(''));
  if (config.SU_URL) readiness.needs('scheduler', answers(context.http, 'scheduler unit', config.SU_URL));
  readiness.uses('gateway', answers(context.http, 'gateway', config.GATEWAY_URL));
  const room: Room = { config, context, engine };
  app.addHook('preHandler', async ({ params, query }) => {
    const { processId } = params as { processId?: string };
    const named = processId ?? (query as { 'process-id'?: string })['process-id'];
    if (named !== undefined) await admitted(named);
  });
  identityRoute(app, room);
  dryRunRoute(app, room);
  const others =
    config.UNIT_MODE === 'cu'
      ? [resultRoute, resultsRoute, resultsStreamRoute, cronRoute, stateRoute]
      : [readOnlyRoutes];
  for (const route of others) route(app, room);

  let url: string | undefined;
  return {
    get url() {
      if (url === undefined) throw new Error('The compute unit is not started.');
      return url;
    },
    async start() {
      url = await listen(app, 'compute unit', { host: config.HOST, port: config.PORT });
      running.start();
      logger.info({ url, address: context.signer.address }, 'compute unit ready');
    },
    async [Symbol.asyncDispose]() {
      // Requests that wait for an evaluation are answered first: the engine ends the message under way, then says so.
      await Promise.all([app.close(), running.close()]);
      await context.closeStores();
      await context.http.close();
    },
  };
}
