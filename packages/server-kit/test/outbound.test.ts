import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GatewayClient, HttpClient, outboundGuard, ProcessDirectory, publicLookup } from '../src/index.ts';

let server: Server;
let port: number;
let reached = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    reached += 1;
    const target = new URL(request.url ?? '/', 'http://x').searchParams.get('to');
    if (target) response.writeHead(307, { location: target }).end();
    else response.end('here');
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

function guarded(...trusted: string[]): HttpClient {
  return new HttpClient(outboundGuard({ ALLOW_PRIVATE_ADDRESSES: false }, trusted));
}

test.each([
  'http://127.0.0.1:PORT/',
  'http://localhost:PORT/',
  'http://[::1]:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://2130706433:PORT/',
  'http://0x7f.1:PORT/',
  'http://0.0.0.0:PORT/',
  'http://10.0.0.1/',
  'http://172.20.0.1/',
  'http://192.168.1.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://100.64.0.1/',
  'http://[fd00::1]/',
  'http://[fe80::1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[2002:7f00:1::]/',
])('nobody leads a unit to %s', async (url) => {
  await using http = closing(guarded());
  const before = reached;
  await expect(http.client.send(url.replace('PORT', String(port)))).rejects.toMatchObject({
    code: 'HTTP.PRIVATE',
    action: 'never',
    message: expect.stringContaining('ALLOW_PRIVATE_ADDRESSES'),
  });
  expect(reached).toBe(before);
});

test('what the operator named is reached wherever it is, but redirects only where they may lead', async () => {
  await using http = closing(guarded(`http://127.0.0.1:${port}/base`));
  const at = (to: string) => http.client.send(`http://127.0.0.1:${port}/?to=${encodeURIComponent(to)}`);
  expect((await at('/there')).body.toString()).toBe('here');
  await expect(at(`http://localhost:${port}/`)).rejects.toMatchObject({ code: 'HTTP.PRIVATE' });
  await expect(at('http://169.254.169.254/')).rejects.toMatchObject({ code: 'HTTP.PRIVATE' });
  await expect(at('file:///etc/passwd')).rejects.toMatchObject({ code: 'HTTP.MALFORMED' });
  await expect(at('http://[/')).rejects.toMatchObject({ code: 'HTTP.MALFORMED' });
});

test('a Scheduler-Location that leads into a private network is not followed', async () => {
  const answer = (node: object) => JSON.stringify({ data: { transactions: { edges: [{ node }] } } });
  const tags = (values: Record<string, string>) =>
    Object.entries(values).map(([name, value]) => ({ name, value }));
  const gateway = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const location = body.includes('Scheduler-Location');
      const found = location
        ? { Url: `http://localhost:${port}`, 'Time-To-Live': '60000' }
        : { Type: 'Process', Scheduler: 'somebody' };
      response.end(answer({ id: 'p', owner: { address: 'x' }, tags: tags(found) }));
    });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const gatewayUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  await using http = closing(guarded(gatewayUrl));
  const directory = new ProcessDirectory({
    http: http.client,
    gateway: new GatewayClient(http.client, gatewayUrl),
  });
  const before = reached;
  const scheduler = await directory.scheduler('p');
  await expect(scheduler.latest('p')).rejects.toMatchObject({ code: 'HTTP.PRIVATE', action: 'never' });
  expect(reached).toBe(before);
  gateway.closeAllConnections();
  gateway.close();
});

test('on a network of its own a unit goes anywhere', async () => {
  await using http = closing(new HttpClient(outboundGuard({ ALLOW_PRIVATE_ADDRESSES: true }, [])));
  expect((await http.client.send(`http://localhost:${port}/`)).body.toString()).toBe('here');
});

test('public addresses pass, one or all, as connections ask for them', async () => {
  const lookup = (all: boolean) =>
    new Promise((resolve, reject) => {
      publicLookup('93.184.216.34', { all }, (error, address, family) =>
        error ? reject(error) : resolve([address, family]),
      );
    });
  expect(await lookup(true)).toEqual([[{ address: '93.184.216.34', family: 4 }], undefined]);
  expect(await lookup(false)).toEqual(['93.184.216.34', 4]);
});

test('a URL that is none is an error, not a crash', async () => {
  await using http = closing(guarded());
  await expect(http.client.send('not a url')).rejects.toMatchObject({ code: 'HTTP.MALFORMED' });
});

function closing(client: HttpClient) {
  return { client, [Symbol.asyncDispose]: () => client.close() };
}
