import { type AoError, isAoError } from '@ao-ts/core';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { App } from './app.ts';
import { currentScope, inScope } from './scope.ts';

/** Errors as `{"error","code"}`; transient ones say when to come back. What is a bug of ours says nothing about internals. */
export function answerErrors(app: App, statusOf: (error: AoError) => number): void {
  app.setErrorHandler<FastifyError | AoError>((error, request, reply) =>
    inScope(currentScope() ?? { requestId: request.id }, () => answer(error, request, reply, statusOf)),
  );
  app.setNotFoundHandler((request, reply) =>
    reply
      .status(404)
      .send({ error: `Route ${request.method}:${request.url} not found`, code: 'REQUEST.ROUTE' }),
  );
}

function answer(
  error: FastifyError | AoError,
  request: FastifyRequest,
  reply: FastifyReply,
  statusOf: (error: AoError) => number,
): FastifyReply {
  if (isAoError(error)) {
    const status = statusOf(error);
    if (status >= 500) request.log.warn({ err: error, facts: error.facts, url: request.url }, error.message);
    if (status === 429 || status === 503) reply.header('retry-after', retryAfterSeconds(error));
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
}

function retryAfterSeconds({ facts: { retryAfterMs } }: AoError): string {
  return String(typeof retryAfterMs === 'number' ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : 1);
}
