import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';

let registry: Server | undefined;
afterEach(() => {
  registry?.closeAllConnections();
  registry?.close();
});

/** Runs the audit of this repository against a registry that answers questions about weaknesses so. */
async function audit(answer: (asked: Record<string, string[]>) => [status: number, body: unknown]) {
  registry = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      const bulk = request.url === '/-/npm/v1/security/advisories/bulk';
      const [status, json] = bulk ? answer(JSON.parse(text.toString())) : [404, {}];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => registry?.listen(0, '127.0.0.1', resolve));
  const { port } = registry.address() as AddressInfo;
  const child = spawn(process.execPath, ['scripts/audit.mjs'], {
    env: { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_fetch_retries: '0' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

test('without known weaknesses the audit passes, and says how much it looked at', async () => {
  let asked: Record<string, string[]> = {};
  const { code, output } = await audit((packages) => {
    asked = packages;
    return [200, {}];
  });
  expect(asked).toHaveProperty('fastify');
  expect([code, output]).toEqual([0, expect.stringMatching(/^audited \d+ dependencies: no known weakness/)]);
});

test('a known weakness fails the audit, and is named', async () => {
  const advisory = {
    id: 1,
    url: 'https://advisories.example/1',
    title: 'Reads what it should not',
    severity: 'low',
    vulnerable_versions: '*',
  };
  const { code, output } = await audit(() => [200, { fastify: [advisory] }]);
  expect(code).toBe(1);
  expect(output).toContain('fastify');
  expect(output).toContain('Reads what it should not https://advisories.example/1');
});

test('a registry without an answer fails nothing, but the audit does not claim to have been made', async () => {
  const { code, output } = await audit(() => [404, { message: 'not here' }]);
  expect([code, output]).toEqual([0, expect.stringContaining('NOT AUDITED')]);
});
