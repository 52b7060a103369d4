import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { AoError } from '@ao-ts/core';
import pino from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type App, createApp, listen, statusOf } from '../src/index.ts';

let app: App;
beforeAll(async () => {
  ({ app } = await createApp({ logger: pino({ level: 'silent' }), statusOf, bodyLimit: 1000 }));
  app.get(
    '/typed',
    { schema: { querystring: z.object({ limit: z.coerce.number().int() }) } },
    async (request) => ({
      limit: request.query.limit,
    }),
  );
  app.get('/fails/:kind', async (request) => {
    const { kind } = request.params as { kind: string };
    if (kind === 'bug') throw new Error('secret internals');
    throw new AoError(kind, 'Do this instead.', { action: kind === 'X.BUSY' ? 'retry' : 'fix' });
  });
  app.post('/bytes', async (request) => ({ length: (request.body as Buffer).length }));
});
afterAll(() => app.close());

test('query schemas: a wrong value is a 400 that names the field', async () => {
  expect((await app.inject('/typed?limit=3')).json()).toEqual({ limit: 3 });
  const wrong = await app.inject('/typed?limit=x');
  expect(wrong.statusCode).toBe(400);
  expect(wrong.json()).toMatchObject({ code: 'REQUEST.INVALID', error: expect.stringContaining("'limit'") });
});

test('domain errors carry code and sentence; transient ones say when to come back', async () => {
  const notFound = await app.inject('/fails/PROCESS.NOT_FOUND');
  expect([notFound.statusCode, notFound.json()]).toEqual([
    404,
    { error: 'Do this instead.', code: 'PROCESS.NOT_FOUND' },
  ]);
  const busy = await app.inject('/fails/X.BUSY');
  expect([busy.statusCode, busy.headers['retry-after']]).toEqual([503, '1']);
});

test('a bug of ours says nothing about internals', async () => {
  const response = await app.inject('/fails/bug');
  expect(response.statusCode).toBe(500);
  expect(response.body).not.toContain('secret');
});

test('binary bodies arrive as bytes, up to the limit; unknown routes say so', async () => {
  const send = (payload: Buffer) =>
    app.inject({
      method: 'POST',
      url: '/bytes',
      headers: { 'content-type': 'application/octet-stream' },
      payload,
    });
  expect((await send(Buffer.alloc(10))).json()).toEqual({ length: 10 });
  expect((await send(Buffer.alloc(2000))).statusCode).toBe(413);
  expect((await app.inject('/nowhere')).statusCode).toBe(404);
});

test.each(['content-length: 3000', 'transfer-encoding: chunked'])(
  'who sends too much (%s) still gets the answer: the rest is read, and the connection stays',
  async (framing) => {
    const { app: own } = await createApp({ logger: pino({ level: 'silent' }), statusOf, bodyLimit: 1000 });
    own.post('/bytes', async () => ({}));
    const url = await listen(own, 'test unit', { host: '127.0.0.1', port: 0 });
    const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8');
    let answers = '';
    socket.on('data', (chunk) => (answers += chunk));
    const part = framing.startsWith('content') ? 'x'.repeat(1500) : `5dc\r\n${'x'.repeat(1500)}\r\n`;
    const end = framing.startsWith('content') ? '' : '0\r\n\r\n';
    socket.write(
      `POST /bytes HTTP/1.1\r\nhost: unit\r\ncontent-type: application/octet-stream\r\n${framing}\r\n\r\n${part}`,
    );
    await vi.waitFor(() => expect(answers).toMatch(/^HTTP\/1.1 413 .*REQUEST\.TOO_LARGE/s));
    socket.write(`${part}${end}GET /health HTTP/1.1\r\nhost: unit\r\n\r\n`);
    await vi.waitFor(() => expect(answers).toContain('HTTP/1.1 200'));
    socket.destroy();
    await own.close();
  },
);

test('what the framework refuses by itself has our codes, too', async () => {
  const post = (type: string, payload: string) =>
    app.inject({ method: 'POST', url: '/bytes', headers: { 'content-type': type }, payload });
  const seen = [
    await app.inject('/fails/%zz'),
    await app.inject(`/fails/${'x'.repeat(201)}`),
    await post('application/json', '{"a":'),
    await post('application/json', ''),
    await post('text/unheard-of', 'x'),
    await post('application/octet-stream', 'x'.repeat(2000)),
  ].map((answer) => [answer.statusCode, answer.json().code]);
  expect(seen).toEqual([
    [400, 'REQUEST.URL'],
    [414, 'REQUEST.URL'],
    [400, 'REQUEST.BODY'],
    [400, 'REQUEST.BODY'],
    [415, 'REQUEST.BODY'],
    [413, 'REQUEST.TOO_LARGE'],
  ]);
  expect((await app.inject('/fails/%zz')).json()).toEqual({
    error: "'/fails/%zz' is not a valid url component",
    code: 'REQUEST.URL',
  });
});

test('browsers may ask from anywhere; health and metrics answer', async () => {
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/bytes',
    headers: { origin: 'https://example.org', 'access-control-request-method': 'POST' },
  });
  expect(preflight.statusCode).toBe(204);
  expect(preflight.headers['access-control-allow-origin']).toBe('*');
  expect((await app.inject('/health')).statusCode).toBe(200);
  expect((await app.inject('/metrics')).body).toContain('ao_unit_http_request_duration_seconds');
});

test('a taken port is named', async () => {
  const first = await createApp({ logger: pino({ level: 'silent' }), statusOf });
  const second = await createApp({ logger: pino({ level: 'silent' }), statusOf });
  const url = await listen(first.app, 'first', { host: '127.0.0.1', port: 0 });
  const port = Number(new URL(url).port);
  await expect(listen(second.app, 'compute unit', { host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'CONFIG.PORT_TAKEN',
    message: expect.stringContaining(`Port ${port} is taken, so the compute unit can not start`),
  });
  await first.app.close();
  await second.app.close();
});

test('a client that does not read its answer does not keep the unit from stopping', async () => {
  const { app: stuck } = await createApp({ logger: pino({ level: 'silent' }), statusOf });
  const endless = new Readable({ read() {} });
  endless.push('the beginning');
  stuck.get('/endless', async (_request, reply) => reply.send(endless));
  const url = await listen(stuck, 'test unit', { host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${url}/endless`);
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  try {
    const closed = stuck.close();
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    vi.advanceTimersByTime(5_000);
    await closed;
  } finally {
    vi.useRealTimers();
  }
  await expect(answer.text()).rejects.toThrow();
});

test('what still arrives on a kept connection while the unit stops is refused, surely not taken', async () => {
  const { app: stopping } = await createApp({ logger: pino({ level: 'silent' }), statusOf });
  const slow = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  stopping.get('/slow', () => {
    begun.resolve();
    return slow.promise;
  });
  const url = await listen(stopping, 'test unit', { host: '127.0.0.1', port: 0 });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('GET /slow HTTP/1.1\r\nHost: unit\r\n\r\n');
  await begun.promise;
  const closed = stopping.close();
  const arrived = once(stopping.server, 'request');
  socket.write('GET /slow HTTP/1.1\r\nHost: unit\r\n\r\n');
  await arrived;
  slow.resolve('done');
  const [first, second] = (await text(socket)).split(/(?<=done)/);
  expect(first).toMatch(/^HTTP\/1.1 200 /);
  expect(second).toMatch(/^HTTP\/1.1 503 .*connection: close.*"code":"UNIT.STOPPING"/is);
  await closed;
});

test('what was under way when the unit began to stop, and is given up, says that the unit is going down', async () => {
  const { app: stopping } = await createApp({ logger: pino({ level: 'silent' }), statusOf });
  stopping.get('/waiting', async () => {
    throw new AoError('UNIT.STOPPING', 'The unit stops.', { action: 'retry' });
  });
  const { statusCode, headers } = await stopping.inject('/waiting');
  expect([statusCode, headers.connection]).toEqual([503, 'close']);
});
