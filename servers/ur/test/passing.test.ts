import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Host, idFor, post, startRouter } from './support.ts';

async function one(env: Record<string, string> = {}) {
  const host = await Host.start();
  return { host, router: await startRouter([host], env) };
}

test('Host and other headers are kept, the address of the client is added, those of the connection stay', async () => {
  const { host, router } = await one();
  const headers = {
    Host: 'cu.example',
    'X-Forwarded-For': '203.0.113.7',
    'X-Max-Age': '5',
    Connection: 'keep-alive, x-private',
    'X-Private': 'hop',
    TE: 'trailers',
    'Proxy-Authorization': 'secret',
    Expect: '100-continue',
  };
  const sent = request(`${router.url}/dry-run?process-id=a`, { method: 'POST', headers }).end('{"a":1}');
  const [response] = await once(sent, 'response');
  await text(response);
  const [received] = host.requests;
  expect(received?.body.toString()).toBe('{"a":1}');
  expect(received?.headers).toMatchObject({
    host: 'cu.example',
    'x-forwarded-for': '203.0.113.7, 127.0.0.1',
    'x-max-age': '5',
  });
  for (const hop of ['x-private', 'te', 'proxy-authorization', 'expect'])
    expect(received?.headers).not.toHaveProperty(hop);
});

test.each(['text/plain', 'nonsense', ';;;', ''])(
  'a body is passed on whatever its content type says: "%s"',
  async (type) => {
    const { host, router } = await one();
    const response = await post(`${router.url}/dry-run?process-id=a`, Buffer.from('{"a":1}'), type);
    expect(response.status).toBe(200);
    expect(host.requests[0]?.body.toString()).toBe('{"a":1}');
    expect(host.requests[0]?.headers['content-type']).toBe(type);
  },
);

test('a client without a proxy before it is named by its address', async () => {
  const { host, router } = await one();
  await fetch(`${router.url}/results/a`);
  expect(host.requests[0]?.headers['x-forwarded-for']).toBe('127.0.0.1');
});

test('of a request that names a whole URL, the path goes on', async () => {
  const host = await Host.start();
  const [proxy, redirect] = await Promise.all(
    ['proxy', 'redirect'].map((STRATEGY) => startRouter([], { HOSTS: `${host.url}/units/cu`, STRATEGY })),
  );
  const ask = async (url = '') => {
    const { hostname, port } = new URL(url);
    const [response] = await once(
      request({ hostname, port, path: 'http://other.example/results/a?b=c' }).end(),
      'response',
    );
    response.resume();
    return response.headers.location;
  };
  await ask(proxy?.url);
  expect(host.requests[0]?.url).toBe('/units/cu/results/a?b=c');
  expect(await ask(redirect?.url)).toBe(`${host.url}/units/cu/results/a?b=c`);
});

test('a host may stand under a path', async () => {
  const host = await Host.start();
  const router = await startRouter([], { HOSTS: `${host.url}/units/cu/` });
  await fetch(`${router.url}/results/a?b=c`);
  expect(host.requests[0]?.url).toBe('/units/cu/results/a?b=c');
});

test('headers, status and bytes of an answer come back unchanged', async () => {
  const { host, router } = await one();
  host.answer = (_request, response) =>
    void response
      .writeHead(299, {
        'content-type': 'application/octet-stream',
        'access-control-allow-origin': 'https://its.example',
        'last-ordinate': '7',
        'set-cookie': ['a=1', 'b=2'],
      })
      .end(Buffer.from([0, 255, 128]));
  const response = await fetch(`${router.url}/state/a`, { headers: { origin: 'https://me.example' } });
  expect(response.status).toBe(299);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from([0, 255, 128]));
  expect(response.headers.get('access-control-allow-origin')).toBe('https://its.example');
  expect(response.headers.get('last-ordinate')).toBe('7');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);

  host.answer = (_request, plain) => void plain.end('x');
  expect((await fetch(`${router.url}/state/a`)).headers.get('access-control-allow-origin')).toBe('*');
});

test('compressed answers and 304 pass as they are', async () => {
  const { host, router } = await one();
  host.answer = ({ headers }, response) => {
    if (headers['if-none-match'] === '"1"') return void response.writeHead(304, { etag: '"1"' }).end();
    response.writeHead(200, { etag: '"1"', 'content-encoding': 'x-own' }).end('packed');
  };
  const first = await fetch(`${router.url}/results/a`);
  expect([await first.text(), first.headers.get('content-encoding')]).toEqual(['packed', 'x-own']);
  const again = await fetch(`${router.url}/results/a`, { headers: { 'if-none-match': '"1"' } });
  expect([again.status, again.headers.get('etag')]).toEqual([304, '"1"']);
});

test('HEAD is asked as HEAD', async () => {
  const { host, router } = await one();
  host.answer = (_request, response) => void response.writeHead(200, { 'content-length': '5' }).end();
  const response = await fetch(`${router.url}/results/a`, { method: 'HEAD' });
  expect([response.status, host.requests[0]?.method]).toEqual([200, 'HEAD']);
});

test('events pass one by one while the stream is open; when the client leaves, the unit is told', async () => {
  const { host, router } = await one();
  const left = Promise.withResolvers<void>();
  let send: (event: string) => void = () => {};
  host.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.on('close', () => left.resolve());
    send = (event) => void response.write(`data: ${event}\n\n`);
    send('first');
  };
  const leave = new AbortController();
  const response = await fetch(`${router.url}/results/a/stream`, { signal: leave.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (const event of ['first', 'second', 'third']) {
    if (event !== 'first') send(event);
    expect((await reader?.read())?.value).toBe(`data: ${event}\n\n`);
  }
  leave.abort();
  await left.promise;
});

test('a client that leaves while a unit works on its answer is not waited for, and is no failure', async () => {
  const host = await Host.start();
  const lines: string[] = [];
  const router = await startRouter(
    [host],
    {},
    pino({ level: 'warn' }, { write: (line) => lines.push(line) }),
  );
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  host.answer = (_request, response) => {
    response.on('close', () => left.resolve());
    asked.resolve();
  };
  const leave = new AbortController();
  const response = fetch(`${router.url}/results/${idFor(0, 1)}`, { signal: leave.signal });
  await asked.promise;
  leave.abort();
  await expect(response).rejects.toThrow();
  await left.promise;
  host.answer = (_request, next) => void next.end('x');
  expect(await (await fetch(`${router.url}/results/a`)).text()).toBe('x');
  expect(lines).toEqual([]);
});

test('what a unit says before its answer is not taken for it', async () => {
  const { host, router } = await one();
  host.answer = (_request, response) => {
    response.writeProcessing();
    response.end('the answer');
  };
  const response = await fetch(`${router.url}/results/a`);
  expect([response.status, await response.text()]).toEqual([200, 'the answer']);
});

test('a large answer is passed on as it comes, at the pace of who reads it', async () => {
  const { host, router } = await one();
  const size = 64 * 1024 * 1024;
  let written = 0;
  host.answer = async (_request, response) => {
    const chunk = Buffer.alloc(1024 * 1024, 7);
    for (; written < size && !response.destroyed; written += chunk.length) {
      if (!response.write(chunk)) await once(response, 'drain');
    }
    response.end();
  };
  const response = await fetch(`${router.url}/state/a`);
  const reader = response.body?.getReader();
  let read = (await reader?.read())?.value?.length ?? 0;
  const ahead = written;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
    read += part.value.length;
  expect(read).toBe(size);
  expect(ahead).toBeLessThan(size);
});

test('a router that stops ends the streams of events that are open', async () => {
  const { host, router } = await one();
  const left = Promise.withResolvers<void>();
  host.answer = (_request, response) => {
    response.on('close', () => left.resolve());
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': alive\n\n');
  };
  const response = await fetch(`${router.url}/results/a/stream`);
  const rest = expect(response.text()).rejects.toThrow();
  await Promise.all([router[Symbol.asyncDispose](), rest, left.promise]);
});
