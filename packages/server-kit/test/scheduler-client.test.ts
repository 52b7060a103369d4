import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HttpClient, SchedulerClient } from '../src/index.ts';

const PROCESS = '4QTyVpvWlwjfsYAvkTSIWjp5XVGf-Rg_Co8K1lPNbvo';

const http = new HttpClient();
const servers: Server[] = [];
let seen: string[];

async function serve(
  name: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    seen.push(`${name} ${request.method} ${request.url}`);
    request.resume().on('end', () => answer(request, response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(() => {
  seen = [];
});
afterEach(() => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => http.close());

/** A router that redirects to `target`, and its client. */
async function routed(target: () => string): Promise<SchedulerClient> {
  const router = await serve('router', (request, response) =>
    response.writeHead(307, { location: target() + request.url }).end(),
  );
  return new SchedulerClient(http, router);
}

const taken = (_request: IncomingMessage, response: ServerResponse) =>
  response.end(JSON.stringify({ id: PROCESS }));
const item = Buffer.from('item');

test('where a router sends us for a process is remembered for five minutes', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const url = await serve('scheduler', taken);
  const client = await routed(() => `${url}/su`);
  await client.schedule(item, PROCESS);
  await client.schedule(item, PROCESS);
  await client.assign({ processId: PROCESS, messageId: 'm' });
  await client.schedule(item);
  expect(seen).toEqual([
    'router POST /',
    'scheduler POST /su/',
    'scheduler POST /su/',
    `scheduler POST /su/?process-id=${PROCESS}&assign=m`,
    'router POST /',
    'scheduler POST /su/',
  ]);
  seen = [];
  vi.setSystemTime(Date.now() + 5 * 60_000);
  await client.schedule(item, PROCESS);
  expect(seen).toEqual(['router POST /', 'scheduler POST /su/']);
});

test('who was sent to and refuses is not asked again: the router is', async () => {
  const old = await serve('old', (request, response) => {
    if (seen.length < 3) taken(request, response);
    else response.writeHead(400).end('{"error":"Process not found"}');
  });
  const now = await serve('new', taken);
  let target = old;
  const client = await routed(() => target);
  await client.schedule(item, PROCESS);
  target = now;
  await client.schedule(item, PROCESS);
  await client.schedule(item, PROCESS);
  expect(seen).toEqual([
    'router POST /',
    'old POST /',
    'old POST /',
    'router POST /',
    'new POST /',
    'new POST /',
  ]);
});

test('who was sent to and fails may have taken it: that is said, and the router is asked the next time', async () => {
  const old = await serve('old', (request, response) => {
    if (seen.length < 3) taken(request, response);
    else response.writeHead(500).end();
  });
  const now = await serve('new', taken);
  let target = old;
  const client = await routed(() => target);
  await client.schedule(item, PROCESS);
  target = now;
  await expect(client.schedule(item, PROCESS)).rejects.toMatchObject({ action: 'retry' });
  await client.schedule(item, PROCESS);
  expect(seen.slice(2)).toEqual(['old POST /', 'router POST /', 'new POST /']);
});
