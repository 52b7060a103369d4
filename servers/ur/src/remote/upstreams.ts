import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import type { Finding } from '../domain/health.ts';

export interface Forwarded {
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Path and query, as the client sent them. */
  path: string;
  headers: Record<string, string | string[]>;
  body: Uint8Array | null;
  signal: AbortSignal;
}

export interface UpstreamOptions {
  connectTimeoutMs: number;
  answerTimeoutMs: number;
  health: { path: string; timeoutMs: number };
}

/** The units behind the router, over kept connections. */
export class Upstreams {
  readonly #agent: Agent;
  readonly #health: UpstreamOptions['health'];

  constructor({ connectTimeoutMs, answerTimeoutMs, health }: UpstreamOptions) {
    this.#health = health;
    this.#agent = new Agent({
      connect: { timeout: connectTimeoutMs },
      headersTimeout: answerTimeoutMs,
      // A stream of events may say nothing for as long as it likes.
      bodyTimeout: 0,
      keepAliveTimeout: 4000,
    });
  }

  /** Sends a request to the unit at `host`; resolves when its answer begins. Rejects if it does not. */
  send(host: string, { path, ...request }: Forwarded): Promise<Dispatcher.ResponseData> {
    const { origin, pathname } = new URL(host);
    const prefix = pathname === '/' ? '' : pathname;
    return this.#agent.request({ origin, path: prefix + path, ...request });
  }

  /** How the unit at `host` is. One that knows no such route is alive, and nothing more can be learnt from it. */
  async check(host: string): Promise<Finding> {
    const { path, timeoutMs } = this.#health;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const request = { method: 'GET' as const, path, headers: {}, body: null, signal };
      const { statusCode, body } = await this.send(host, request);
      await body.dump();
      return statusCode < 500 ? 'ready' : 'unready';
    } catch (error) {
      return neverConnected(error) ? 'unready' : 'silent';
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** True if a request failed before there was a connection: nothing of it has reached anybody. */
export function neverConnected(error: unknown): boolean {
  return NEVER_CONNECTED.has(String((error as NodeJS.ErrnoException | undefined)?.code));
}

/** Concern one connection, not the message (RFC 9110, 7.6.1), or are made anew for the body that is sent. */
const HOP_BY_HOP = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The headers of a request as they are sent on: those of its connection left out, the client's address added. */
export function requestHeaders(
  received: IncomingHttpHeaders,
  client: string | undefined,
): Record<string, string | string[]> {
  const headers = endToEnd(received);
  const before = received['x-forwarded-for'];
  const address = client?.replace(/^::ffff:/, '');
  if (address !== undefined) headers['x-forwarded-for'] = before ? `${before}, ${address}` : address;
  return headers;
}

/** The headers of an answer as they are passed back. */
export function responseHeaders(received: IncomingHttpHeaders): Record<string, string | string[]> {
  const headers = endToEnd(received);
  // Bodies pass unchanged, so their length does too.
  const length = received['content-length'];
  if (length !== undefined) headers['content-length'] = length;
  return headers;
}

function endToEnd(received: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = received.connection?.toLowerCase() ?? '';
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(received)) {
    if (value === undefined || HOP_BY_HOP.has(name)) continue;
    if (named.includes(name) && named.split(/\s*,\s*/).includes(name)) continue;
    headers[name] = value;
  }
  return headers;
}
