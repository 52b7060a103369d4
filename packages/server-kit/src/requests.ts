import type { FastifyRequest } from 'fastify';
import type { App } from './app-type.ts';
import { inScope, readTraceparent, type Scope } from './scope.ts';
import type { Span, Tracer } from './spans.ts';

declare module 'fastify' {
  interface FastifyRequest {
    scope: Scope | undefined;
    span: Span | undefined;
  }
}

/** Levels at which every request is logged. */
const CLOSE_LOOK = new Set(['debug', 'trace']);

/**
 * Runs each request in a scope that says what it is about, so that whatever is logged or asked on its behalf carries that on;
 * with tracing, in a span of its own. The answer names the request in `x-request-id`.
 */
export function followRequests(app: App, tracer: Tracer | undefined): void {
  app.decorateRequest('scope', undefined);
  app.decorateRequest('span', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });

  // Not earlier: the body arrives outside of any scope.
  app.addHook('preHandler', (request, reply, done) => {
    let traceparent = readTraceparent(request.headers.traceparent);
    if (tracer) {
      const { method, routeOptions } = request;
      request.span = tracer.start('server', `${method} ${routeOptions.url ?? ''}`, {
        parent: traceparent,
        startedMs: Date.now() - reply.elapsedTime,
        attributes: {
          'http.request.method': method,
          'http.route': routeOptions.url ?? '',
          'url.path': request.url,
        },
      });
      traceparent = request.span.traceparent;
    }
    request.scope = {
      requestId: request.id,
      ...subjectOf(request),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    inScope(request.scope, done);
  });

  app.addHook('onError', (request, _reply, error, done) => {
    request.span?.fail(error);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { span, scope = { requestId: request.id } } = request;
    const { processId, messageId } = scope;
    span?.end({
      'http.response.status_code': reply.statusCode,
      ...(processId === undefined ? {} : { 'ao.process': processId }),
      ...(messageId === undefined ? {} : { 'ao.message': messageId }),
    });
    if (CLOSE_LOOK.has(request.log.level)) {
      const { method, url, ip } = request;
      const facts = { method, url, ip, status: reply.statusCode, ms: Math.round(reply.elapsedTime) };
      inScope(scope, () => request.log.debug(facts, 'answered'));
    }
    done();
  });
}

/** The process and message a URL names, in the ways units name them. */
function subjectOf({ params, query }: FastifyRequest): Pick<Scope, 'processId' | 'messageId'> {
  const inPath = (params ?? {}) as Record<string, string | undefined>;
  const inQuery = (query ?? {}) as Record<string, string | undefined>;
  const processId = inPath.processId ?? inQuery['process-id'] ?? inQuery['proc-id'];
  const messageId = inPath.id ?? inQuery.assign;
  return {
    ...(typeof processId === 'string' ? { processId } : {}),
    ...(typeof messageId === 'string' ? { messageId } : {}),
  };
}
