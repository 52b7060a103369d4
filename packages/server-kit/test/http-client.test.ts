import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { HttpClient, requestJson, saidNotFound } from '../src/index.ts';

const http = new HttpClient();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => http.close());

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a redirect keeps method and body', async () => {
  const seen: string[] = [];
  const url = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${body}`);
      if (request.url === '/') response.writeHead(307, { location: '/there' }).end();
      else response.end('ok');
    });
  });
  const answer = await http.send(`${url}/`, { method: 'POST', body: 'item' });
  expect(answer.body.toString()).toBe('ok');
  expect(seen).toEqual(['POST / item', 'POST /there item']);
});

test('endless redirects end', async () => {
  const url = await serve((_request, response) => response.writeHead(308, { location: '/' }).end());
  expect((await http.send(url)).status).toBe(308);
});

test('nobody there: an error that names the place and may be retried', async () => {
  await expect(http.send('http://127.0.0.1:1/x')).rejects.toMatchObject({
    code: 'HTTP.UNREACHABLE',
    action: 'retry',
    message: expect.stringContaining('http://127.0.0.1:1'),
  });
});

test('no answer in time', async () => {
  const url = await serve(() => {});
  await expect(http.send(url, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'HTTP.TIMEOUT' });
});

test('an answer that stops in the middle is not waited for', async () => {
  const url = await serve((_request, response) => response.write('half'));
  await expect(http.send(url, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'HTTP.TIMEOUT' });
});

test('an answer nobody waits for any more', async () => {
  const abort = new AbortController();
  const url = await serve(() => abort.abort());
  await expect(http.send(url, { signal: abort.signal })).rejects.toMatchObject({ code: 'HTTP.UNREACHABLE' });
  await expect(http.send(url, { signal: abort.signal })).rejects.toMatchObject({ code: 'HTTP.UNREACHABLE' });
});

test('time runs while a request waits for a connection', async () => {
  const url = await serve(() => {});
  const one = new HttpClient({ connections: 1 });
  const requests = [one.send(url, { timeoutMs: 300 }), one.send(url, { timeoutMs: 50 })];
  await expect(requests[1]).rejects.toMatchObject({ code: 'HTTP.TIMEOUT' });
  await expect(requests[0]).rejects.toMatchObject({ code: 'HTTP.TIMEOUT' });
  await one.close();
});

test('an answer that is too large is not read to its end', async () => {
  const url = await serve((_request, response) => response.end('x'.repeat(100_000)));
  await expect(http.send(url, { maxBytes: 1000 })).rejects.toMatchObject({ code: 'HTTP.TOO_LARGE' });
});

test.each([
  [500, 'retry'],
  [429, 'retry'],
  [400, 'fix'],
  [404, 'fix'],
])('status %i says %s, with the text of the unit', async (status, action) => {
  const url = await serve((_request, response) => response.writeHead(status).end('{"error":"Tag missing"}'));
  const remote = { http, url, name: 'scheduler unit' };
  await expect(requestJson(remote, '/', z.object({}))).rejects.toMatchObject({
    code: 'HTTP.STATUS',
    action,
    message: `The scheduler unit at ${url} answered ${status}: Tag missing`,
  });
});

test('garbage with status 200 is an error, not a value', async () => {
  const url = await serve((_request, response) => response.end('<html>'));
  await expect(requestJson({ http, url, name: 'gateway' }, '/', z.object({}))).rejects.toMatchObject({
    code: 'HTTP.MALFORMED',
  });
});

test('"not found" of a scheduler is recognised, other refusals are not', async () => {
  const answers: Record<string, string> = {
    '/a': 'Message or Process not found',
    '/b': 'Unsupported Type tag value',
  };
  const url = await serve((request, response) =>
    response.writeHead(400).end(JSON.stringify({ error: answers[request.url ?? ''] })),
  );
  const remote = { http, url, name: 'scheduler unit' };
  const failure = (path: string) => requestJson(remote, path, z.object({})).catch((error: unknown) => error);
  expect(saidNotFound(await failure('/a'))).toBe(true);
  expect(saidNotFound(await failure('/b'))).toBe(false);
});
