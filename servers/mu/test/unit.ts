import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataItem } from '@ao-ts/core/ans104';
import { ethereumSigner } from '@ao-ts/core/ans104';
import { afterAll, afterEach, beforeEach } from 'vitest';
import type { LedgerNode } from '../src/domain/node.ts';
import { configFrom, create, type Overrides } from '../src/index.ts';
import { FakeNetwork } from './fake-network.ts';

/** The authority of the tests. */
export const signer = ethereumSigner(randomBytes(32));

export function environment(network: FakeNetwork, dbPath: string): Record<string, string> {
  return {
    PORT: '0',
    LOG_LEVEL: 'silent',
    PATH_TO_WALLET: 'unused',
    DB_URL: dbPath,
    CU_URL: network.cu.url,
    SU_URL: network.su.url,
    GATEWAY_URL: network.gateway.url,
    UPLOADER_URL: network.uploader.url,
    RETRY_FIRST_DELAY_MS: '10',
    RETRY_MAX_DELAY_MS: '50',
    MONITOR_INTERVAL_MS: '20',
  };
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** Path of a database that is not there yet; removed after the tests of the file. */
export async function temporaryDb(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mu-'));
  folders.push(folder);
  return join(folder, 'mu.sqlite');
}

/** Between two looks at a condition: looking all the time would take the processor from who is waited for. */
export const moment = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A started unit, with what tests ask it. */
export async function startUnit(
  network: FakeNetwork,
  {
    dbPath = ':memory:',
    env = {},
    ...overrides
  }: { dbPath?: string; env?: Record<string, string> } & Overrides = {},
) {
  const unit = await create(configFrom({ ...environment(network, dbPath), ...env }), {
    signer,
    ...overrides,
  });
  await unit.start();
  return new MuClient(unit.url, () => unit[Symbol.asyncDispose]());
}

type UnitOptions = Parameters<typeof startUnit>[1];

/** The network and the unit of the running test, in a file that calls `useUnit`. */
export let network: FakeNetwork;
export let mu: MuClient;

/** Gives each test of the file a network and a started unit of its own. */
export function useUnit(options?: UnitOptions): void {
  beforeEach(async () => {
    network = await new FakeNetwork().start();
    mu = await startUnit(network, options);
  });
  afterEach(async () => {
    await mu[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });
}

/** Stops the unit of the running test and starts another one with these options. */
export async function restart(options?: UnitOptions, on: FakeNetwork = network): Promise<void> {
  await mu[Symbol.asyncDispose]();
  mu = await startUnit(on, options);
}

export class MuClient implements AsyncDisposable {
  readonly url: string;
  readonly #stop: () => PromiseLike<void>;

  constructor(url: string, stop: () => PromiseLike<void>) {
    this.url = url;
    this.#stop = stop;
  }

  async post(
    item: DataItem | Uint8Array,
    path = '/',
  ): Promise<{ status: number; body: Record<string, string> }> {
    const body = item instanceof Uint8Array ? item : item.raw;
    const headers = { 'content-type': 'application/octet-stream' };
    const response = await fetch(this.url + path, { method: 'POST', headers, body: Buffer.from(body) });
    return { status: response.status, body: JSON.parse(await response.text()) };
  }

  async get<T = Record<string, unknown>>(path: string): Promise<T> {
    return (await fetch(this.url + path)).json() as Promise<T>;
  }

  async tree(id: string): Promise<LedgerNode[]> {
    return (await this.get<{ nodes: LedgerNode[] }>(`/messages/${id}`)).nodes ?? [];
  }

  /** Waits until nothing is on its way. */
  async settled(): Promise<{ pending: number; unsure: number; dead: number }> {
    for (;;) {
      const status = await this.get<{ pending: number; unsure: number; dead: number }>('/status');
      if (status.pending === 0) return status;
      await moment();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}
