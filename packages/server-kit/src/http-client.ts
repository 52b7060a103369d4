import { AoError, errorMessage } from '@ao-ts/core';
import { Agent } from 'undici';
import { currentTrace } from './trace.ts';

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

/** HTTP with kept connections, bounded in time and size. One per unit. */
export class HttpClient {
  readonly #agent: Agent;

  /** `connections` bounds the requests under way to one origin; further ones wait, and their time runs. */
  constructor({ connections = 64 }: { connections?: number } = {}) {
    this.#agent = new Agent({ connections, keepAliveTimeout: 30_000 });
  }

  /**
   * Sends a request and reads the whole answer, whatever its status.
   * @throws AoError `HTTP.UNREACHABLE`, `HTTP.TIMEOUT`, `HTTP.TOO_LARGE`
   */
  async send(url: string, request: HttpRequest = {}): Promise<HttpResponse> {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    let target = url;
    for (let hops = 0; ; hops++) {
      const response = await this.#once(target, request, signal);
      const location = response.headers.location;
      if (!REDIRECTS.has(response.status) || typeof location !== 'string') return response;
      if (hops >= (request.maxRedirects ?? 3)) return response;
      target = new URL(location, target).href;
    }
  }

  async #once(url: string, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    try {
      const { origin, pathname, search } = new URL(url);
      const { statusCode, headers, body } = await this.#agent.request({
        origin,
        path: pathname + search,
        method: request.method ?? 'GET',
        headers: withTrace(request.headers),
        body: request.body ?? null,
        signal,
        // The signal bounds the whole exchange.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of body) {
        size += chunk.length;
        if (size > (request.maxBytes ?? DEFAULT_MAX_BYTES)) {
          body.destroy();
          throw new AoError('HTTP.TOO_LARGE', `The answer of ${url} is larger than allowed.`, {
            action: 'never',
          });
        }
        chunks.push(chunk);
      }
      return { status: statusCode, headers, body: Buffer.concat(chunks, size), url };
    } catch (cause) {
      throw transportError(url, cause);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function withTrace(headers: Record<string, string> = {}): Record<string, string> {
  const traceparent = currentTrace();
  return traceparent === undefined ? headers : { ...headers, traceparent };
}

function transportError(url: string, cause: unknown): AoError {
  if (cause instanceof AoError) return cause;
  const { origin } = new URL(url);
  if (cause instanceof Error && cause.name === 'TimeoutError') {
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
