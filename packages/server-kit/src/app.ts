import { AoError } from '@ao-ts/core';
import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { App } from './app-type.ts';
import { BaseConfig, type BaseSettings } from './config.ts';
import { answerBadUrl, answerErrors, answerNoRequest } from './error-answers.ts';
import type { HttpClient } from './http-client.ts';
import { Metrics } from './metrics.ts';
import { describeRoutes } from './openapi-routes.ts';
import { protect } from './protection.ts';
import { Readiness, ReadyAnswer } from './readiness.ts';
import { followRequests } from './requests.ts';
import type { Tracer } from './spans.ts';
import { createTracer } from './tracing.ts';

export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** What is under way when the unit stops may take this long; Fastify gives up on closing after ten seconds. */
const CLOSE_GRACE_MS = 5_000;

const RETRY_AFTER_SECONDS = '1';

export interface AppOptions {
  /** `su`, `cu`, …: part of the names of its metrics and of its traces. */
  unit?: string;
  logger: FastifyBaseLogger;
  /** Largest request body accepted, in bytes. */
  bodyLimit?: number;
  /**
   * Statuses that this unit's clients rely on where they differ from the common table
   * (a Scheduler Unit answers 400 for what is not found).
   */
  statusOf: (error: AoError) => number;
  /** Limits and addresses; their defaults unless given. */
  config?: Partial<BaseSettings>;
  /** The client the unit asks others with: its requests are counted and traced. */
  http?: HttpClient;
}

export interface AppKit {
  app: App;
  metrics: Metrics;
  readiness: Readiness;
  /** For what a unit does besides requests; absent where nobody collects traces. */
  tracer: Tracer | undefined;
}

const Defaults = z.object(BaseConfig);

const setLater = (): never => {
  throw new Error('a compiler of schemas is used before it is set');
};

/**
 * The Fastify application every unit starts from: limits against hostile clients, CORS for browsers, binary bodies, request
 * schemas in zod, errors as `{"error","code"}`, `GET /health`, `/ready`, `/metrics`, `/openapi.json` and `/docs`.
 */
export async function createApp(options: AppOptions): Promise<AppKit> {
  const { logger, unit = 'unit', http } = options;
  const settings: BaseSettings = { ...Defaults.parse({}), ...options.config };
  const { SLOW_CLIENT_TIMEOUT_MS: slowMs, TRUSTED_PROXIES: proxies } = settings;
  const app = fastify({
    loggerInstance: logger,
    // Lines carry the request they belong to by its scope; one per request only where somebody looks closely.
    childLoggerFactory: (parent) => parent,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    requestIdHeader: false,
    bodyLimit: options.bodyLimit ?? MAX_BODY_BYTES,
    trustProxy: proxies ? (address) => proxies.has(address) : false,
    requestTimeout: slowMs,
    http: {
      headersTimeout: Math.min(slowMs, 60_000),
      connectionsCheckingInterval: Math.min(slowMs, 30_000),
    },
    forceCloseConnections: 'idle',
    // Said in our own words below.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    frameworkErrors: answerBadUrl,
    clientErrorHandler: answerNoRequest,
    // Both are set below. Without these Fastify would load its own here, at a quarter of what a unit needs to start.
    schemaController: { compilersFactory: { buildValidator: setLater, buildSerializer: setLater } },
  }).withTypeProvider<ZodTypeProvider>() as App;

  app.setValidatorCompiler(validatorCompiler);
  // Response schemas document; they do not re-check our own answers on the hot path.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  for (const type of ['application/octet-stream', 'application/ans104']) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  }

  const metrics = new Metrics(unit);
  const tracer = await createTracer(`ao-${unit}`, settings);
  const readiness = new Readiness((name, error) => logger.warn({ err: error, check: name }, 'not ready'));
  http?.observe({ metrics, tracer });
  metrics.observeRequests(app);
  followRequests(app, tracer);
  endConnections(app, readiness);
  await protect(app, settings);
  answerErrors(app, options.statusOf);
  app.addHook('onClose', () => tracer?.close());

  describeRoutes(app, unit);
  app.get(
    '/health',
    { schema: { summary: 'Whether the unit is alive.', answers: { 200: 'text/plain' } } },
    async (_request, reply) => reply.status(200).send(),
  );
  app.get(
    '/ready',
    {
      schema: {
        summary: 'Whether the unit can do its work, and if not, why.',
        answers: { 200: ReadyAnswer, 503: ReadyAnswer },
      },
    },
    async (_request, reply) => {
      const report = await readiness.report();
      if (!report.ready) reply.status(503).header('retry-after', RETRY_AFTER_SECONDS);
      return reply.send(report);
    },
  );
  app.get(
    '/metrics',
    {
      schema: {
        summary: 'Series for Prometheus, in the OpenMetrics format.',
        answers: { 200: 'application/openmetrics-text' },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
  return { app, metrics, readiness, tracer };
}

const REQUEST_ID = /^[\w.:-]{1,64}$/;
let requests = 0;
const PROCESS_PART = `${Date.now().toString(36)}${process.pid.toString(36)}`;

/** The id a proxy or client gave the request, else a new one. */
function requestId({ headers }: { headers: Record<string, unknown> }): string {
  const { 'x-request-id': given } = headers;
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
  requests += 1;
  return `${PROCESS_PART}-${requests.toString(36)}`;
}

function endConnections(app: App, readiness: Readiness): void {
  // A client that does not read its answer must not keep the unit from stopping.
  let cut: NodeJS.Timeout | undefined;
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    readiness.stop();
    cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
    done();
  });
  app.server.on('close', () => clearTimeout(cut));
  // On a kept connection there may still come requests. Fastify closes it with the answer: nothing was taken.
  app.addHook('onRequest', async () => {
    if (closing) throw new AoError('UNIT.STOPPING', 'The unit is going down.', { action: 'retry' });
  });
  // A response that ends while the server closes leaves its connection open and idle: nobody would close it then.
  app.addHook('onResponse', async () => {
    if (closing) setImmediate(() => app.server.closeIdleConnections());
  });
}
