import { AoError } from '@ao-ts/core';
import cors from '@fastify/cors';
import type { FastifyReply } from 'fastify';
import type { App } from './app-type.ts';
import type { BaseSettings } from './config.ts';
import { perMinute } from './rate-limit.ts';

export type Protection = Pick<
  BaseSettings,
  | 'CORS_ORIGINS'
  | 'MAX_CONCURRENT_REQUESTS'
  | 'MAX_REQUESTS_PER_IP_PER_MINUTE'
  | 'SLOW_CLIENT_TIMEOUT_MS'
  | 'TRUSTED_PROXIES'
>;

/** What says how the unit is doing is answered however much there is to do. */
const ALWAYS_ANSWERED = new Set(['/health', '/ready', '/metrics']);

/**
 * Browsers take an answer for what its content type says, show it in no frame of another page, and run nothing in it.
 * Other pages may read it all the same: that is what CORS allows.
 */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'cross-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
};

const EXPOSED = [
  'etag',
  'last-block-height',
  'last-ordinate',
  'last-timestamp',
  'retry-after',
  'x-request-id',
];

/** Guards a unit against too many, too slow and too curious clients. Hooks run in the order they are added: this comes first. */
export async function protect(app: App, settings: Protection): Promise<void> {
  believeRealIp(app, settings.TRUSTED_PROXIES);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    done();
  });
  const { CORS_ORIGINS: origins } = settings;
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED,
    // Also an OPTIONS that no browser sent is answered; the refusal would say nothing one can act on.
    strictPreflight: false,
  });
  limitRequests(app, settings);
  cutSlowReaders(app, settings.SLOW_CLIENT_TIMEOUT_MS);
}

/** A proxy that names the client in X-Real-IP only is as good as one that forwards it. */
function believeRealIp(app: App, proxies: Protection['TRUSTED_PROXIES']): void {
  if (!proxies) return;
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers, socket } = request.raw;
    const named = headers['x-real-ip'];
    if (typeof named === 'string' && !headers['x-forwarded-for'] && proxies.has(socket.remoteAddress ?? '')) {
      headers['x-forwarded-for'] = named;
    }
    done();
  });
}

function limitRequests(app: App, settings: Protection): void {
  const { MAX_CONCURRENT_REQUESTS: most, MAX_REQUESTS_PER_IP_PER_MINUTE: perIp } = settings;
  const limit = perMinute(perIp, Date.now);
  let underWay = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (ALWAYS_ANSWERED.has(request.routeOptions.url ?? '')) return;
    limit?.take(request.ip, `${request.ip} asks more often than ${perIp} times a minute.`);
    if (underWay >= most) {
      throw new AoError('REQUEST.BUSY', `${most} requests are under way; ask again in a moment.`, {
        action: 'retry',
        facts: { most },
      });
    }
    underWay += 1;
    // Also fires where the client left without waiting for the answer.
    reply.raw.once('close', () => {
      underWay -= 1;
    });
  });
}

/** An answer that its reader does not take on keeps memory: after a while without progress its connection is closed. */
function cutSlowReaders(app: App, timeoutMs: number): void {
  app.addHook('onRequest', (_request, { raw }, done) => {
    raw.setTimeout(timeoutMs, () => {
      // With nothing to send, it is the unit that is awaited.
      if (raw.writableLength > 0 || (raw.socket?.writableLength ?? 0) > 0) raw.destroy();
    });
    done();
  });
}

/** Headers for an answer that is written past Fastify: those it would have sent. */
export function headersOf(reply: Pick<FastifyReply, 'getHeaders'>): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
}
