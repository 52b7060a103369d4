import type { IncomingHttpHeaders } from 'node:http';
import { Pool } from 'undici';
import type { Finding } from '../domain/health.ts';
import { type Begin, type Forwarded, relay } from './relay.ts';

export interface UpstreamOptions {
  connectTimeoutMs: number;
  answerTimeoutMs: number;
  health: { path: string; timeoutMs: number };
}

interface Upstream {
  pool: Pool;
  /** The path under which the unit stands: empty, or like `/units/cu`. */
  prefix: string;
}

/** The units behind the router, over kept connections. */
export class Upstreams {
  readonly #options: UpstreamOptions;
  readonly #known = new Map<string, Upstream>();

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /** Passes a request on to the unit at `host`, and its answer back: see {@link relay}. */
  pass(host: string, request: Forwarded, begin: Begin): Promise<void> {
    const { pool, prefix } = this.#at(host);
    return relay(pool, { ...request, path: prefix + request.path }, begin);
  }

  /** How the unit at `host` is. One that knows no such route is alive, and nothing more can be learnt from it. */
  async check(host: string): Promise<Finding> {
    const { path, timeoutMs } = this.#options.health;
    const { pool, prefix } = this.#at(host);
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const { statusCode, body } = await pool.request({ method: 'GET', path: prefix + path, signal });
      await body.dump();
      return statusCode < 500 ? 'ready' : 'unready';
    } catch (error) {
      return neverConnected(error) ? 'unready' : 'silent';
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ pool }) => pool.destroy()));
  }

  #at(host: string): Upstream {
    const known = this.#known.get(host);
    if (known) return known;
    const { origin, pathname } = new URL(host);
    const pool = new Pool(origin, {
      connect: { timeout: this.#options.connectTimeoutMs },
      headersTimeout: this.#options.answerTimeoutMs,
      // A stream of events may say nothing for as long as it likes.
      bodyTimeout: 0,
      keepAliveTimeout: 4000,
    });
    const upstream = { pool, prefix: pathname === '/' ? '' : pathname };
    this.#known.set(host, upstream);
    return upstream;
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
