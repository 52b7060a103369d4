import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Unit } from '@ao-ts/server-kit';
import { onTestFinished } from 'vitest';
import { configFrom, create } from '../src/index.ts';

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestGateway extends Unit {
  get(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: Uint8Array | string | object, headers?: Record<string, string>): Promise<Response>;
  /** The `data` of a GraphQL answer without errors. */
  query<T>(query: string, variables?: Record<string, unknown>): Promise<T>;
  /** Uploads an item and returns the answer's JSON. */
  upload(item: { raw: Uint8Array }): Promise<{ id: string; warnings?: string[] }>;
  stop(): Promise<void>;
}

export interface TestOptions {
  env?: Record<string, string>;
  clock?: () => number;
  dataDir?: string;
}

/** A real gateway on a free port; blocks come only by `/mine` unless told otherwise. Stopped after the test. */
export async function startGateway({ env = {}, clock, dataDir }: TestOptions = {}): Promise<TestGateway> {
  const config = configFrom({
    PORT: '0',
    LOG_LEVEL: 'silent',
    BLOCK_TIME_MS: '0',
    DATA_DIR: dataDir ?? (await temporaryFolder()),
    ...env,
  });
  const unit = await create(config, clock ? { clock } : {});
  await unit.start();
  const { url } = unit;
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= Promise.resolve(unit[Symbol.asyncDispose]());
    return stopped;
  };
  onTestFinished(stop);

  const get = (path: string, init?: RequestInit) => fetch(url + path, init);
  const post = (path: string, body: Uint8Array | string | object, headers: Record<string, string> = {}) => {
    const binary = body instanceof Uint8Array;
    return fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': binary ? 'application/octet-stream' : 'application/json', ...headers },
      body: binary ? Buffer.from(body) : typeof body === 'string' ? body : JSON.stringify(body),
    });
  };
  return {
    url,
    start: () => unit.start(),
    stop,
    [Symbol.asyncDispose]: stop,
    get,
    post,
    async query<T>(query: string, variables: Record<string, unknown> = {}) {
      const response = await post('/graphql', { query, variables });
      const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
      if (errors) throw new Error(JSON.stringify(errors));
      return data;
    },
    async upload({ raw }) {
      const response = await post('/tx', raw);
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as { id: string; warnings?: string[] };
    },
  };
}
