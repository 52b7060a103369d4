import { AoError, errorMessage } from '@ao-ts/core';
import { type App, currentTrace } from '@ao-ts/server-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import type { Health } from '../domain/health.ts';
import type { Router, Subject } from '../domain/router.ts';
import {
  type Forwarded,
  neverConnected,
  requestHeaders,
  responseHeaders,
  type Upstreams,
} from '../remote/upstreams.ts';

export interface ForwardPorts {
  router: Router;
  health: Health;
  upstreams: Upstreams;
  strategy: 'proxy' | 'redirect';
  /** What the units are, for errors: "compute unit". */
  unit: string;
}

/** How a route may be passed on. */
export interface Passing {
  /**
   * Whether it does no harm if two hosts do it. What may not be repeated goes to another host only if the one before surely
   * has not taken it: there was no connection, or it said that it is going down.
   */
  repeatable: boolean;
  /** The request names no process: the hosts are asked in turn until one knows what it is about. */
  untilKnown?: boolean;
}

/** Sends a request to a unit that serves its process: through this router, or by redirecting the client. */
export type Forward = (
  request: FastifyRequest,
  reply: FastifyReply,
  subject: Subject,
  passing: Passing,
) => Promise<FastifyReply>;

export function forwarding(app: App, ports: ForwardPorts): Forward {
  const streams = new Set<AbortController>();
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.abort();
  });

  return async (request, reply, subject, passing) => {
    const hosts = await ports.router.hosts(subject);
    if (ports.strategy === 'redirect') return reply.redirect(`${hosts[0]}${request.raw.url}`, 307);
    const gone = new AbortController();
    reply.raw.once('close', () => {
      // An AbortError costs as much as the rest of this, so it is only made for whoever left before the end.
      if (!reply.raw.writableFinished) gone.abort();
      streams.delete(gone);
    });
    const answer = await firstAnswer(ports, hosts, forwarded(request, gone.signal), passing);
    // What never ends by itself must not keep the router from stopping; its readers come back.
    if (answer.headers['content-type'] === 'text/event-stream') streams.add(gone);
    return reply.status(answer.statusCode).headers(responseHeaders(answer.headers)).send(answer.body);
  };
}

function forwarded(request: FastifyRequest, signal: AbortSignal): Forwarded {
  const { raw, body } = request;
  const traceparent = currentTrace();
  return {
    method: raw.method as Forwarded['method'],
    path: raw.url ?? '/',
    headers: {
      ...requestHeaders(raw.headers, raw.socket.remoteAddress),
      'x-request-id': request.id,
      ...(traceparent === undefined ? {} : { traceparent }),
    },
    body: body instanceof Uint8Array && body.length > 0 ? body : null,
    signal,
  };
}

async function firstAnswer(
  { health, upstreams, unit }: ForwardPorts,
  hosts: readonly string[],
  request: Forwarded,
  { repeatable, untilKnown = false }: Passing,
): Promise<Dispatcher.ResponseData> {
  let reason = '';
  let unknown: Dispatcher.ResponseData | undefined;
  for (const host of hosts) {
    try {
      const answer = await upstreams.send(host, request);
      if (isStopping(answer)) {
        reason = `${host} is going down`;
        health.failed(host);
      } else if (untilKnown && answer.statusCode === 404) {
        await unknown?.body.dump();
        unknown = answer;
        continue;
      } else return answer;
      await answer.body.dump();
    } catch (error) {
      // Nobody waits for the answer any more.
      if (request.signal.aborted) throw error;
      reason = `${host}: ${errorMessage(error)}`;
      if (isTimeout(error))
        throw away('HTTP.TIMEOUT', `The ${unit} did not answer in time: ${reason}`, error);
      health.failed(host);
      if (!repeatable && !neverConnected(error)) throw unsure(unit, reason, error);
    }
  }
  if (unknown) return unknown;
  throw away('UPSTREAM.AWAY', `No ${unit} can be reached; the last one tried: ${reason}`);
}

/** A unit that refuses with 503 and closes the connection is going down, and has not taken the request. */
function isStopping({ statusCode, headers }: Dispatcher.ResponseData): boolean {
  return statusCode === 503 && headers.connection === 'close';
}

function isTimeout(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'UND_ERR_HEADERS_TIMEOUT';
}

function away(code: string, message: string, cause?: unknown): AoError {
  return new AoError(code, message, { action: 'retry', cause });
}

function unsure(unit: string, reason: string, cause: unknown): AoError {
  return away(
    'UPSTREAM.UNSURE',
    `The ${unit} may or may not have taken this: its answer was lost (${reason}). Sending the same item again is safe.`,
    cause,
  );
}
