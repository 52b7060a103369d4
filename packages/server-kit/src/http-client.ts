import { AoError, errorMessage } from '@ao-ts/core';
import { Agent } from 'undici';
import { ExchangeEnded, exchange } from './exchange.ts';
import type { Metrics } from './metrics.ts';
import { type OutboundGuard, publicLookup, refusePrivateLiteral } from './outbound.ts';
import { currentTrace } from './scope.ts';
import type { Tracer } from './spans.ts';

export interface HttpRequest {
  method?: 'GET' | 'POST' | 'HEAD';
  headers?: Record<string, string>;
  body?: Uint8Array | string;
  /** Until the whole answer is there. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Redirects (301, 302, 307, 308) followed with method and body kept. */
  maxRedirects?: number;
  /** Largest answer accepted. */
  maxBytes?: number;
  /** What it is for, as metrics and traces call it. */
  operation?: string;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** The URL that answered, after redirects. */
  url: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BYTES = 1024 * 1024 * 1024;
const REDIRECTS = new Set([301, 302, 307, 308]);

export interface HttpClientOptions {
  /** Requests under way to one origin; further ones wait, and their time runs. */
  connections?: number;
  /** For requests that do not say how long they may take. */
  timeoutMs?: number;
  /** Keeps what others wrote from leading into private networks; without, every address is allowed. */
  guard?: OutboundGuard;
}

interface Observer {
  metrics: Pick<Metrics, 'observeExchange'>;
  tracer: Tracer | undefined;
}

/** HTTP with kept connections, bounded in time and size. One per unit. */
export class HttpClient {
  readonly #agent: Agent;
  /** For hosts the operator did not name. */
  readonly #guarded: Agent | undefined;
  readonly #trusted: ReadonlySet<string>;
  readonly #timeoutMs: number;
  #observer: Observer | undefined;

  constructor({ connections = 64, timeoutMs = DEFAULT_TIMEOUT_MS, guard }: HttpClientOptions = {}) {
    this.#timeoutMs = timeoutMs;
    const settings = { connections, keepAliveTimeout: 30_000 };
    this.#agent = new Agent(settings);
    this.#guarded = guard && new Agent({ ...settings, connect: { lookup: publicLookup } });
    this.#trusted = new Set((guard?.trusted ?? []).flatMap((url) => (url ? [new URL(url).origin] : [])));
  }

  /** Counts and traces every request from now on. */
  observe(observer: Observer): void {
    this.#observer = observer;
  }

  /**
   * Sends a request and reads the whole answer, whatever its status.
   * @throws AoError `HTTP.UNREACHABLE`, `HTTP.TIMEOUT`, `HTTP.TOO_LARGE`, `HTTP.PRIVATE`, `HTTP.MALFORMED` (a redirect to nowhere)
   */
  async send(url: string, request: HttpRequest = {}): Promise<HttpResponse> {
    const deadline = performance.now() + (request.timeoutMs ?? this.#timeoutMs);
    let target = url;
    for (let hops = 0; ; hops++) {
      const response = await this.#observed(target, request, deadline);
      const location = response.headers.location;
      if (!REDIRECTS.has(response.status) || typeof location !== 'string') return response;
      if (hops >= (request.maxRedirects ?? 3)) return response;
      target = redirectTarget(location, target);
    }
  }

  async #observed(url: string, request: HttpRequest, deadline: number): Promise<HttpResponse> {
    if (!this.#observer) return this.#once(url, request, deadline, currentTrace());
    const { metrics, tracer } = this.#observer;
    const { method = 'GET', operation = 'other' } = request;
    const started = performance.now();
    const count = (outcome: { status: number } | { errorType: string }) =>
      metrics.observeExchange({
        method,
        operation,
        seconds: (performance.now() - started) / 1000,
        ...outcome,
      });
    const span = tracer?.start('client', `${method} ${operation}`, {
      parent: currentTrace(),
      attributes: { 'http.request.method': method, 'url.full': url },
    });
    try {
      const response = await this.#once(url, request, deadline, span?.traceparent ?? currentTrace());
      count(response);
      span?.end({ 'http.response.status_code': response.status });
      return response;
    } catch (error) {
      count({ errorType: (error as AoError).code });
      span?.fail(error);
      span?.end();
      throw error;
    }
  }

  async #once(
    url: string,
    request: HttpRequest,
    deadline: number,
    traceparent: string | undefined,
  ): Promise<HttpResponse> {
    try {
      const { origin, pathname, search } = new URL(url);
      const answer = await exchange(
        this.#agentFor(url),
        {
          origin,
          path: pathname + search,
          method: request.method ?? 'GET',
          headers: traceparent === undefined ? (request.headers ?? {}) : { ...request.headers, traceparent },
          body: request.body ?? null,
        },
        {
          timeoutMs: deadline - performance.now(),
          maxBytes: request.maxBytes ?? DEFAULT_MAX_BYTES,
          signal: request.signal,
        },
      );
      return { ...answer, url };
    } catch (cause) {
      throw transportError(url, cause);
    }
  }

  #agentFor(url: string): Agent {
    const { origin, hostname } = new URL(url);
    if (!this.#guarded || this.#trusted.has(origin)) return this.#agent;
    refusePrivateLiteral(hostname);
    return this.#guarded;
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#guarded?.destroy()]);
  }
}

/** @throws AoError `HTTP.MALFORMED` */
function redirectTarget(location: string, from: string): string {
  const target = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (target?.protocol === 'http:' || target?.protocol === 'https:') return target.href;
  throw new AoError(
    'HTTP.MALFORMED',
    `${new URL(from).origin} redirects to '${location}', which is no HTTP URL.`,
    {
      action: 'never',
      facts: { location },
    },
  );
}

function transportError(url: string, cause: unknown): AoError {
  if (cause instanceof AoError) return cause;
  if (!URL.canParse(url)) {
    return new AoError('HTTP.MALFORMED', `'${url}' is no URL.`, { action: 'never', facts: { url } });
  }
  const reason = cause instanceof ExchangeEnded ? cause.reason : undefined;
  if (reason === 'too large') {
    return new AoError('HTTP.TOO_LARGE', `The answer of ${url} is larger than allowed.`, { action: 'never' });
  }
  const { origin } = new URL(url);
  if (reason === 'timeout') {
    return new AoError('HTTP.TIMEOUT', `${origin} did not answer in time.`, {
      action: 'retry',
      facts: { url },
      cause,
    });
  }
  return new AoError('HTTP.UNREACHABLE', `${origin} can not be reached: ${errorMessage(cause)}`, {
    action: 'retry',
    facts: { url },
    cause,
  });
}
