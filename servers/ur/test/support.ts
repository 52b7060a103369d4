import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createDataItem, ethereumSigner, type Tag } from '@ao-ts/core/ans104';
import type { Unit } from '@ao-ts/server-kit';
import { type Logger, pino } from 'pino';
import { onTestFinished } from 'vitest';
import { configFrom, create, cyrb53 } from '../src/index.ts';

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

type Answer = (request: Received, response: ServerResponse, raw: IncomingMessage) => void | Promise<void>;

/** Something behind the router: it answers its name, or what the test wants. Health checks are answered apart. */
export class Host {
  readonly requests: Received[] = [];
  url = '';
  health: number | 'none' = 200;
  answer: Answer = (_request, response) => void response.end(this.url);
  #server: Server | undefined;

  static async start(): Promise<Host> {
    const host = new Host();
    await host.listen();
    onTestFinished(() => host.stop());
    return host;
  }

  async listen(): Promise<void> {
    const port = this.url === '' ? 0 : Number(new URL(this.url).port);
    const server = createServer((raw, response) => void this.#receive(raw, response));
    this.#server = server;
    await once(server.listen(port, '127.0.0.1'), 'listening');
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Ends at once, like something that was killed. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #receive(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    if (raw.url?.endsWith('/ready')) {
      if (this.health !== 'none') response.writeHead(this.health).end();
      return;
    }
    const body = await buffer(raw).catch(() => Buffer.alloc(0));
    const received = { method: raw.method ?? '', url: raw.url ?? '', headers: raw.headers, body };
    this.requests.push(received);
    await this.answer(received, response, raw);
  }
}

export function hosts(count: number): Promise<Host[]> {
  return Promise.all(Array.from({ length: count }, () => Host.start()));
}

/** A router before these hosts, or none in particular. Checks of health are far apart unless the test says otherwise. */
export async function startRouter(
  behind: readonly Host[],
  env: Record<string, string> = {},
  logger: Logger = pino({ level: 'silent' }),
): Promise<Unit & { url: string }> {
  const config = configFrom({
    PORT: '0',
    HOSTS: behind.map(({ url }) => url).join(','),
    HEALTH_INTERVAL_MS: '3600000',
    ...env,
  });
  const router = await create(config, { logger });
  await router.start();
  onTestFinished(async () => router[Symbol.asyncDispose]());
  return router;
}

/** An id whose first host is the one at that place. */
export function idFor(place: number, count: number): string {
  for (;;) {
    const id = randomBytes(32).toString('base64url');
    if (cyrb53(id) % count === place) return id;
  }
}

const signer = ethereumSigner(randomBytes(32));
export const owner = signer.address;

export function item(tags: Record<string, string> | Tag[], target?: string) {
  const list = Array.isArray(tags) ? tags : Object.entries(tags).map(([name, value]) => ({ name, value }));
  const anchor = randomBytes(16).toString('hex');
  return createDataItem(
    { ...(target === undefined ? {} : { target }), anchor, tags: list, data: 'x' },
    signer,
  );
}

export function post(url: string, body: Uint8Array, type = 'application/octet-stream'): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': type }, body: Uint8Array.from(body) });
}
