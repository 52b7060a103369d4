import { once } from 'node:events';
import { connect } from 'node:net';
import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import {
  AddressSet,
  type App,
  type BaseSettings,
  createApp,
  listen,
  RateLimit,
  statusOf,
} from '../src/index.ts';

const apps: App[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

async function start(config: Partial<BaseSettings>): Promise<{ app: App; url: string; port: number }> {
  const { app } = await createApp({ logger: pino({ level: 'silent' }), statusOf, config });
  apps.push(app);
  app.get('/ip', async (request) => ({ ip: request.ip }));
  const url = await listen(app, 'test unit', { host: '127.0.0.1', port: 0 });
  return { app, url, port: Number(new URL(url).port) };
}

test('as many requests at a time as allowed; further ones are asked to come again, probes are not', async () => {
  const { app } = await createApp({
    logger: pino({ level: 'silent' }),
    statusOf,
    config: { MAX_CONCURRENT_REQUESTS: 2 },
  });
  apps.push(app);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let waiting = 0;
  app.get('/slow', async () => {
    waiting += 1;
    await released;
    return {};
  });
  const url = await listen(app, 'test unit', { host: '127.0.0.1', port: 0 });
  const two = [fetch(`${url}/slow`), fetch(`${url}/slow`)];
  await expect.poll(() => waiting).toBe(2);
  const refused = await fetch(`${url}/slow`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({ code: 'REQUEST.BUSY' });
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  release();
  expect((await Promise.all(two)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await fetch(`${url}/slow`)).status).toBe(200);
});

test('a client that leaves makes room', async () => {
  const { app, url } = await start({ MAX_CONCURRENT_REQUESTS: 1 });
  expect((await fetch(`${url}/ip`)).status).toBe(200);
  const leaving = connect(Number(new URL(url).port), '127.0.0.1');
  leaving.write(
    'POST /x HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 5\r\n\r\n',
  );
  await expect.poll(async () => (await fetch(`${url}/ip`)).status).toBe(503);
  leaving.destroy();
  await expect.poll(async () => (await fetch(`${url}/ip`)).status).toBe(200);
  expect(app.server.listening).toBe(true);
});

test('one address asks only so often, and is told when to come back; others are not affected', async () => {
  const { url } = await start({
    MAX_REQUESTS_PER_IP_PER_MINUTE: 3,
    TRUSTED_PROXIES: new AddressSet(['loopback']),
  });
  const ask = (client: string) => fetch(`${url}/ip`, { headers: { 'x-forwarded-for': client } });
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) statuses.push((await ask('9.9.9.9')).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  const refused = await ask('9.9.9.9');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1);
  expect(await refused.json()).toMatchObject({ code: 'RATE.LIMITED' });
  expect((await ask('8.8.8.8')).status).toBe(200);
});

test.each([
  ['nobody is trusted', undefined, { 'x-forwarded-for': '9.9.9.9' }, '127.0.0.1'],
  ['another proxy is trusted', '10.0.0.0/8', { 'x-forwarded-for': '9.9.9.9' }, '127.0.0.1'],
  ['the proxy is trusted', '127.0.0.1', { 'x-forwarded-for': '9.9.9.9' }, '9.9.9.9'],
  [
    'what the client made up stands left of what the proxy saw',
    'loopback',
    { 'x-forwarded-for': '1.1.1.1, 9.9.9.9' },
    '9.9.9.9',
  ],
  ['a proxy that names the client in X-Real-IP', 'loopback', { 'x-real-ip': '9.9.9.9' }, '9.9.9.9'],
  ['X-Real-IP of a client', undefined, { 'x-real-ip': '9.9.9.9' }, '127.0.0.1'],
])('whose request it is: %s', async (_case, proxies, headers, ip) => {
  const { url } = await start(proxies === undefined ? {} : { TRUSTED_PROXIES: new AddressSet([proxies]) });
  expect(await (await fetch(`${url}/ip`, { headers: headers as Record<string, string> })).json()).toEqual({
    ip,
  });
});

test('a client that does not read its answer is cut off; one that waits for it is not', async () => {
  const { app } = await createApp({
    logger: pino({ level: 'silent' }),
    statusOf,
    config: { SLOW_CLIENT_TIMEOUT_MS: 200 },
  });
  apps.push(app);
  const cut = new Promise<void>((resolve) => {
    app.get('/big', async (request, reply) => {
      request.raw.socket.once('close', () => resolve());
      return reply.send(Buffer.alloc(64 * 1024 * 1024));
    });
  });
  let finish = () => {};
  app.get('/later', async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { done: true };
  });
  const url = await listen(app, 'test unit', { host: '127.0.0.1', port: 0 });
  const waiting = fetch(`${url}/later`);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  socket.write('GET /big HTTP/1.1\r\nhost: x\r\n\r\n');
  await cut;
  finish();
  expect(await (await waiting).json()).toEqual({ done: true });
  socket.destroy();
});

test('a client that does not finish its request is cut off', async () => {
  const { port } = await start({ SLOW_CLIENT_TIMEOUT_MS: 200 });
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'POST /x HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 1000\r\n\r\nabc',
  );
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  await once(socket, 'close');
  expect(answer).toContain('408');
});

test('answers say what browsers may do with them', async () => {
  const { url } = await start({ CORS_ORIGINS: ['https://one.example'] });
  const ask = (origin: string) => fetch(`${url}/ip`, { headers: { origin } });
  const { headers } = await ask('https://one.example');
  expect(headers.get('access-control-allow-origin')).toBe('https://one.example');
  expect(headers.get('access-control-expose-headers')).toContain('retry-after');
  expect((await ask('https://two.example')).headers.get('access-control-allow-origin')).toBeNull();
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('x-frame-options')).toBe('DENY');
});

test('the limit of a key fills up again with time', () => {
  let now = 0;
  const limit = new RateLimit({ max: 2, windowMs: 1000, clock: () => now });
  const take = (key = 'a') => {
    try {
      limit.take(key);
      return 'ok';
    } catch (error) {
      return (error as { facts: { retryAfterMs: number } }).facts.retryAfterMs;
    }
  };
  expect([take(), take(), take(), take('b')]).toEqual(['ok', 'ok', 500, 'ok']);
  now += 499;
  expect(take()).toBeLessThanOrEqual(2);
  now += 1;
  expect([take(), take()]).toEqual(['ok', 500]);
  now += 60_000;
  expect([take(), take(), take()]).toEqual(['ok', 'ok', 500]);
});
