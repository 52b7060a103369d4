import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GatewayClient, HttpClient } from '@ao-ts/server-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../server-kit/test/free-ports.ts';
import { readNetworkFile } from '../src/index.ts';
import { UnitProcess } from './unit-process.ts';

const program = fileURLToPath(new URL('../dist/prepare.js', import.meta.url));
const http = new HttpClient();
let directory: string;
let gatewayUrl: string;
let gateway: UnitProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ao-prepare-'));
  const [port = 0] = await freePorts(1);
  gatewayUrl = `http://127.0.0.1:${port}`;
  gateway = new UnitProcess('gateway', gatewayUrl, {
    PORT: String(port),
    DATA_DIR: join(directory, 'gateway'),
  });
  await gateway.start();
});
afterAll(async () => {
  await gateway.end('SIGTERM');
  await http.close();
  await rm(directory, { recursive: true, force: true });
});

async function prepare(env: Record<string, string> = {}) {
  await promisify(execFile)(process.execPath, [program], {
    env: {
      GATEWAY_URL: gatewayUrl,
      SU_WALLET_PATH: join(directory, 'su.json'),
      PATH_TO_WALLET: join(directory, 'mu.json'),
      WALLET_FILE: join(directory, 'cu.json'),
      STATE_DIRECTORY: directory,
      WALLET_IN_NETWORK_FILE: '/somewhere/else/wallet.json',
      PUBLIC_GATEWAY_URL: 'http://gateway.example',
      PUBLIC_UPLOADER_URL: 'http://up.example',
      PUBLIC_SU_URL: 'http://su.example',
      PUBLIC_MU_URL: 'http://mu.example',
      PUBLIC_CU_URL: 'http://cu.example',
      ...env,
    },
  });
  return readNetworkFile(join(directory, 'network.json'));
}

test('makes keys that only their owner reads, and tells clients and the gateway where everything is', async () => {
  const network = await prepare();
  expect(network).toMatchObject({ su: 'http://su.example', wallet: '/somewhere/else/wallet.json' });
  for (const name of ['su', 'mu', 'cu', 'wallet']) {
    const path = join(directory, `${name}.json`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ kty: 'RSA' });
  }
  const client = new GatewayClient(http, gatewayUrl);
  expect(await client.schedulerLocation(network?.scheduler ?? '')).toMatchObject({
    url: 'http://su.example',
  });
  expect((await client.data(network?.module ?? '')).length).toBeGreaterThan(100_000);
});

test('run again, it keeps all of it, and publishes a location that has changed', async () => {
  const first = await prepare();
  expect(await prepare()).toEqual(first);
  const moved = await prepare({ PUBLIC_SU_URL: 'http://moved.example' });
  expect(moved).toEqual({ ...first, su: 'http://moved.example' });
  const client = new GatewayClient(http, gatewayUrl);
  expect(await client.schedulerLocation(first?.scheduler ?? '')).toMatchObject({
    url: 'http://moved.example',
  });
});
