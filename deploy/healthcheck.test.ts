import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';

function check(port: number | undefined): Promise<{ code: number | null; output: string }> {
  const child = spawn('deploy/healthcheck.sh', {
    env: { PATH: process.env.PATH, ...(port === undefined ? {} : { PORT: String(port) }) },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

test('a unit that answers is healthy; else what it says is shown', async () => {
  const paths: (string | undefined)[] = [];
  let alive = true;
  const server = createServer((request, response) => {
    paths.push(request.url);
    response.writeHead(alive ? 200 : 503).end(alive ? '' : 'ill');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await check(port)).toMatchObject({ code: 0 });
  alive = false;
  expect(await check(port)).toMatchObject({ code: 1, output: expect.stringContaining('ill') });
  expect(paths).toEqual(['/health', '/health']);
  await new Promise((resolve) => server.close(resolve));
  expect(await check(port)).toMatchObject({ code: 1 });
});

test('a container that is not told its port is not healthy, and says why', async () => {
  expect(await check(undefined)).toMatchObject({
    code: 1,
    output: expect.stringContaining('PORT: is not set'),
  });
});
