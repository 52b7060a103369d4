import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type AoError, isAoError } from '@ao-ts/core';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { App } from './app-type.ts';
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
    // Also what was under way before the unit began to stop says so where routers look: they ask another unit.
    if (error.code === 'UNIT.STOPPING') reply.header('connection', 'close');
    return reply.status(status).send({ error: error.message, code: error.code });
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const text = error.validation.map(
      (issue) => `'${issue.instancePath.slice(1) || error.validationContext}': ${issue.message}.`,
    );
    return reply.status(400).send({ error: text.join(' | '), code: 'REQUEST.INVALID' });
  }
  const status = error.statusCode ?? 500;
  // Fastify closes the connection where it has not read the body, and a client that is still writing loses the answer with
  // it. Left open, Node throws the rest of the body away, for as long as a request may take to arrive.
  reply.removeHeader('connection');
  if (status < 500) return reply.status(status).send({ error: error.message, code: codeOf(error) });
  request.log.error({ err: error, url: request.url }, 'unexpected failure');
  return reply
    .status(500)
    .send({ error: 'Internal error; the log of the unit says more.', code: 'INTERNAL' });
}

/** Our code for what Fastify refuses by itself, most often a body that it can not read. */
function codeOf({ code, statusCode }: FastifyError): string {
  if (statusCode === 413) return 'REQUEST.TOO_LARGE';
  return code?.startsWith('FST_ERR_CTP_') ? 'REQUEST.BODY' : 'REQUEST.INVALID';
}

/** For addresses that no route is looked up for: those that are malformed or too long. */
export function answerBadUrl(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  reply.status(error.statusCode ?? 400).send({ error: error.message, code: 'REQUEST.URL' });
}

const NOT_HTTP: Record<string, [status: number, error: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
};

/** For what is no request at all: there is nothing to reply to but the connection. */
export function answerNoRequest(cause: NodeJS.ErrnoException, socket: Socket): void {
  if (cause.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, error] = NOT_HTTP[cause.code ?? ''] ?? [400, 'The request is no valid HTTP.'];
  const body = JSON.stringify({ error, code: 'REQUEST.HTTP' });
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\n`;
  if (socket.writable) socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
  socket.destroy(cause);
}

function retryAfterSeconds({ facts: { retryAfterMs } }: AoError): string {
  return String(typeof retryAfterMs === 'number' ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : 1);
}
