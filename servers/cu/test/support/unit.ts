import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ethereumSigner } from '@ao-ts/core/ans104';
import { pino } from 'pino';
import { configFrom, create, type Overrides } from '../../src/index.ts';
import type { FakeNetwork } from './fake-network.ts';

export interface TestUnit extends AsyncDisposable {
  url: string;
  directory: string;
  get(path: string): Promise<Answer>;
  dryRun(processId: string, body: unknown, search?: string): Promise<Answer>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  json: any;
}

const SECRET = new Uint8Array(32).fill(7);

export const UNIT_ADDRESS = ethereumSigner(SECRET).address;

export async function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'cu-'));
}

/** Starts the real unit against the fakes. The directory is removed with it unless it was given. */
export async function startUnit(
  network: FakeNetwork,
  options: { directory?: string; env?: Record<string, string>; overrides?: Overrides } = {},
): Promise<TestUnit> {
  const directory = options.directory ?? (await temporaryDirectory());
  const config = configFrom({
    PORT: '0',
    LOG_LEVEL: 'silent',
    WALLET_FILE: '/nowhere',
    DB_URL: join(directory, 'cu.sqlite'),
    DATA_DIR: directory,
    SU_URL: network.url,
    GATEWAY_URL: network.url,
    WASM_EVALUATION_MAX_WORKERS: '1',
    ...options.env,
  });
  const signer = ethereumSigner(SECRET);
  const unit = await create(config, {
    signer,
    logger: pino({ level: process.env.CU_TEST_LOG ?? 'silent' }),
    ...options.overrides,
  });
  await unit.start();
  const read = async (response: Response): Promise<Answer> => {
    const text = await response.text();
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: response.status, headers: response.headers, text, json };
  };
  return {
    url: unit.url,
    directory,
    get: async (path) => read(await fetch(unit.url + path)),
    dryRun: async (processId, body, search = '') =>
      read(
        await fetch(`${unit.url}/dry-run?process-id=${processId}${search}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
    async [Symbol.asyncDispose]() {
      await unit[Symbol.asyncDispose]();
      if (!options.directory) await rm(directory, { recursive: true, force: true });
    },
  };
}

export function randomName(): string {
  return randomBytes(8).toString('hex');
}
