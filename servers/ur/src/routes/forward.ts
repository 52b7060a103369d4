import type { ServerResponse } from 'node:http';
import { AoError, errorMessage } from '@ao-ts/core';
import { type App, currentTrace, headersOf } from '@ao-ts/server-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Health } from '../domain/health.ts';
import type { Router, Subject } from '../domain/router.ts';
import type { AnswerHead, Forwarded } from '../remote/relay.ts';
import { neverConnected, requestHeaders, responseHeaders, type Upstreams } from '../remote/upstreams.ts';

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
  const streams = new Set<ServerResponse>();
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.destroy();
  });

  return async (request, reply, subject, passing) => {
    const hosts = await ports.router.hosts(subject);
    if (ports.strategy === 'redirect') return reply.redirect(hosts[0] + pathOf(request), 307);
    const { raw: client } = reply;
    await passOn(ports, hosts, forwarded(request, client), passing, ({ statusCode, headers }) => {
      client.writeHead(statusCode, { ...headersOf(reply), ...responseHeaders(headers) });
      if (headers['content-type'] !== 'text/event-stream') return;
      // What never ends by itself must not keep the router from stopping; its readers come back.
      streams.add(client);
      client.once('close', () => streams.delete(client));
    });
    return reply.hijack();
  };
}

/** Path and query. A client may name the whole URL, as to a proxy (RFC 9112, 3.2.2): the host in it is not for us to follow. */
function pathOf({ raw: { url = '/' } }: FastifyRequest): string {
  return url.replace(/^https?:\/\/[^/]*/i, '') || '/';
}

function forwarded(request: FastifyRequest, client: ServerResponse): Forwarded {
  const { raw, body } = request;
  const traceparent = currentTrace();
  const headers = requestHeaders(raw.headers, raw.socket.remoteAddress);
  headers['x-request-id'] = request.id;
  if (traceparent !== undefined) headers.traceparent = traceparent;
  return {
    method: raw.method as Forwarded['method'],
    path: pathOf(request),
    headers,
    body: body instanceof Uint8Array && body.length > 0 ? body : null,
    client,
  };
}

/** Tries the hosts in turn until the answer of one is passed on to the client, or the client has left. */
async function passOn(
  { health, upstreams, unit }: ForwardPorts,
  hosts: readonly string[],
  request: Forwarded,
  { repeatable, untilKnown = false }: Passing,
  begin: (head: AnswerHead) => void,
): Promise<void> {
  let reason = '';
  for (const host of hosts) {
    let answered = false;
    try {
      await upstreams.pass(host, request, (head) => {
        if (isStopping(head)) {
          reason = `${host} is going down`;
          health.failed(host);
          return false;
        }
        if (untilKnown && head.statusCode === 404 && host !== hosts.at(-1)) return false;
        begin(head);
        answered = true;
        return true;
      });
      if (answered) return;
    } catch (error) {
      if (request.client.closed) return;
      reason = `${host}: ${errorMessage(error)}`;
      if (isTimeout(error))
        throw away('HTTP.TIMEOUT', `The ${unit} did not answer in time: ${reason}`, error);
      health.failed(host);
      if (!repeatable && !neverConnected(error)) throw unsure(unit, reason, error);
    }
  }
  throw away('UPSTREAM.AWAY', `No ${unit} can be reached; the last one tried: ${reason}`);
}

/** A unit that refuses with 503 and closes the connection is going down, and has not taken the request. */
function isStopping({ statusCode, headers }: AnswerHead): boolean {
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
