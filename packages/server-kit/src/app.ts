import { AoError, isAoError } from '@ao-ts/core';
import cors from '@fastify/cors';
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  LogController,
} from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { Metrics } from './metrics.ts';
import { inTrace } from './trace.ts';

export const MAX_BODY_BYTES = 10 * 1024 * 1024;

const RETRY_AFTER_SECONDS = '1';

/** Until a request has arrived whole: a client that sends slowly does not keep its place for ever. */
const REQUEST_TIMEOUT_MS = 120_000;

/** What is under way when the unit stops may take this long; Fastify gives up on closing after ten seconds. */
const CLOSE_GRACE_MS = 5_000;

export interface AppOptions {
  logger: FastifyBaseLogger;
  /** Largest request body accepted, in bytes. */
  bodyLimit?: number;
  /**
   * Statuses that this unit's clients rely on where they differ from the common table
   * (a Scheduler Unit answers 400 for what is not found).
   */
  statusOf: (error: AoError) => number;
}

export type App = FastifyInstance<
  import('http').Server,
  import('http').IncomingMessage,
  import('http').ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/**
 * The Fastify application every unit starts from: CORS for browsers, binary bodies, request schemas in zod,
 * errors as `{"error","code"}`, `GET /health` and `GET /metrics`.
 */
export async function createApp(options: AppOptions): Promise<{ app: App; metrics: Metrics }> {
  const app = fastify({
    loggerInstance: options.logger,
    // A log line per request costs half the throughput; failures are logged below.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimit ?? MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // Said in our own words below.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
  }).withTypeProvider<ZodTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  // Response schemas document; they do not re-check our own answers on the hot path.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  await app.register(cors, { origin: '*', methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] });
  for (const type of ['application/octet-stream', 'application/ans104']) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  }

  // A client that does not read its answer must not keep the unit from stopping.
  let cut: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
    done();
  });
  app.server.on('close', () => clearTimeout(cut));

  app.addHook('preHandler', (request, _reply, done) => inTrace(request.headers.traceparent, done));

  app.setErrorHandler<FastifyError | AoError>((error, request, reply) => {
    if (isAoError(error)) {
      const status = options.statusOf(error);
      if (status >= 500)
        request.log.warn({ err: error, facts: error.facts, url: request.url }, error.message);
      if (status === 429 || status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
      return reply.status(status).send({ error: error.message, code: error.code });
    }
    if (hasZodFastifySchemaValidationErrors(error)) {
      const text = error.validation.map(
        (issue) => `'${issue.instancePath.slice(1) || error.validationContext}': ${issue.message}.`,
      );
      return reply.status(400).send({ error: text.join(' | '), code: 'REQUEST.INVALID' });
    }
    const status = error.statusCode ?? 500;
    if (status < 500) return reply.status(status).send({ error: error.message, code: error.code });
    request.log.error({ err: error, url: request.url }, 'unexpected failure');
    return reply
      .status(500)
      .send({ error: 'Internal error; the log of the unit says more.', code: 'INTERNAL' });
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .status(404)
      .send({ error: `Route ${request.method}:${request.url} not found`, code: 'REQUEST.ROUTE' }),
  );

  // A response that ends while the server closes leaves its connection open and idle: nobody would close it then.
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  // On a kept connection there may still come requests. Fastify closes it with the answer: nothing was taken.
  app.addHook('onRequest', async () => {
    if (closing) throw new AoError('UNIT.STOPPING', 'The unit is going down.', { action: 'retry' });
  });
  app.addHook('onResponse', async () => {
    if (closing) setImmediate(() => app.server.closeIdleConnections());
  });

  const metrics = new Metrics();
  metrics.observeRequests(app);
  app.get('/health', async (_request, reply) => reply.status(200).send());
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  return { app, metrics };
}
