import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBase64url } from '@ao-ts/core';
import {
  createDataItem,
  type DataItem,
  ethereumSigner,
  type ItemContent,
  parseDataItem,
  type Signer,
  type Tag,
} from '@ao-ts/core/ans104';
import { firstHashChain, nextHashChain, readAssignmentTags } from '@ao-ts/core/schedule';
import { type ScheduledAssignment, ScheduleNode, SchedulePage } from '@ao-ts/core/schemas';
import { pino } from 'pino';
import { expect } from 'vitest';
import { makeSlots } from '../src/domain/make-slots.ts';
import type { ScheduleStore } from '../src/domain/schedule-store.ts';
import { Scheduler } from '../src/domain/scheduler.ts';
import { configFrom, create, type Overrides } from '../src/index.ts';

export const silent = pino({ level: 'silent' });

/** A key that signs fast; use it where RSA is not the point. */
export const newSigner = (): Signer => ethereumSigner(randomBytes(32));

/** A scheduler on that store, without the unit around it. */
export const schedulerOn = (store: ScheduleStore, signer: Signer): Scheduler =>
  new Scheduler({
    store,
    makeSlots: (order, tell) => makeSlots(order, signer, tell),
    height: async () => 1_700_000,
    clock: Date.now,
    maxQueue: 50,
    onStored: () => {},
  });

/** A directory that goes away with the test. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'ao-su-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface FakeTransaction {
  recipient?: string;
  anchor?: string;
  tags: Tag[];
  data?: string;
  confirmations?: number;
}

/** A gateway and bundler that speaks the part of their contract that a scheduler uses. */
export class FakeArweave implements AsyncDisposable {
  height = 1_700_000;
  /** While true, every request is answered with 503. */
  down = false;
  readonly transactions = new Map<string, FakeTransaction>();
  /** Ids in the order in which they were taken. */
  readonly uploaded: string[] = [];
  uploads = 0;
  /** How often the height was asked for. */
  heightRequests = 0;
  refuse: (item: DataItem) => number | undefined = () => undefined;
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, body } = this.down
        ? { status: 503, body: '{"error":"down"}' }
        : this.#answer(request.method ?? '', request.url ?? '', Buffer.concat(chunks));
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(method: string, url: string, body: Buffer): { status: number; body: string | Buffer } {
    const ok = (value: unknown) => ({ status: 200, body: JSON.stringify(value) });
    const missing = { status: 404, body: 'Not Found' };
    const [, first = '', second = '', third = ''] = url.split('/');
    if (url === '/info') {
      this.heightRequests++;
      return ok({ height: this.height });
    }
    if (url === '/tx/arweave') return this.#upload(body);
    if (url === '/graphql') {
      const [id] = (JSON.parse(body.toString()) as { variables: { ids: string[] } }).variables.ids;
      const found = this.transactions.get(id ?? '');
      const owner = { address: 'owner' };
      return ok({ data: { transactions: { edges: found ? [{ node: { id, owner, ...found } }] : [] } } });
    }
    const known = this.transactions.get(first === 'raw' || first === 'tx' ? second : first);
    if (!known) return missing;
    if (first === 'raw') return { status: 200, body: known.data ?? '' };
    if (first === 'tx' && third === 'status') {
      if (known.confirmations === undefined) return { status: 202, body: 'Pending' };
      return ok({ block_height: this.height, number_of_confirmations: known.confirmations });
    }
    return method === 'HEAD' ? { status: 200, body: '' } : missing;
  }

  #upload(body: Buffer): { status: number; body: string } {
    const item = parseDataItem(body);
    this.uploads++;
    const refusal = this.refuse(item);
    if (refusal !== undefined) return { status: refusal, body: '{"error":"refused"}' };
    if (this.uploaded.includes(item.id))
      return { status: 202, body: `Transaction ${item.id} already received` };
    this.uploaded.push(item.id);
    return { status: 200, body: JSON.stringify({ id: item.id }) };
  }
}

export interface Rig {
  url: string;
  /** The address to name in the Scheduler tag of a spawn. */
  address: string;
  post(item: DataItem | Uint8Array, search?: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  page(path: string): Promise<SchedulePage>;
  node(path: string): Promise<ScheduleNode>;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  body: any;
}

export interface RigOptions extends Overrides {
  arweave: FakeArweave;
  env?: Record<string, string>;
}

/** Starts the real unit on a free port. */
export async function startScheduler(options: RigOptions): Promise<Rig & AsyncDisposable> {
  const { arweave, env, ...overrides } = options;
  const directory = await temporaryDirectory();
  const signer = overrides.signer ?? newSigner();
  const config = configFrom({
    PORT: '0',
    SU_WALLET_PATH: 'none: the tests bring their own signer',
    DB_URL: join(directory.path, 'su.sqlite'),
    GATEWAY_URL: arweave.url,
    UPLOAD_NODE_URL: arweave.url,
    HEIGHT_REFRESH_MS: '20',
    ...env,
  });
  const unit = await create(config, {
    logger: silent,
    uploadDelay: { firstMs: 5, maxMs: 20 },
    ...overrides,
    signer,
  });
  await unit.start();
  return Object.assign(rigAt(unit.url, signer.address), {
    [Symbol.asyncDispose]: async () => {
      await unit[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  });
}

/** A client of the unit at `url`. */
export function rigAt(url: string, address: string): Rig {
  const ask = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const json = response.headers.get('content-type')?.startsWith('application/json') && text !== '';
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  };
  const get = (path: string) => ask(path);
  const checked = async (path: string) => {
    const answer = await get(path);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  return {
    url,
    address,
    get,
    post: (item, search = '') =>
      ask(`/${search}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array('raw' in item ? item.raw : item),
      }),
    page: async (path) => SchedulePage.parse(await checked(path)),
    node: async (path) => ScheduleNode.parse(await checked(path)),
  };
}

const PROTOCOL = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Variant', value: 'ao.TN.1' },
];
const MODULE = 'Isk_GYo30Tyf5nLbVI6zEJIfFpiXQJd58IKcIkTu4no';

export function spawnItem(scheduler: string, signer: Signer, content: ItemContent = {}): Promise<DataItem> {
  const tags = [
    ...PROTOCOL,
    { name: 'Type', value: 'Process' },
    { name: 'Module', value: MODULE },
    { name: 'Scheduler', value: scheduler },
    ...(content.tags ?? []),
  ];
  return createDataItem({ data: '1984', anchor: randomBytes(32), ...content, tags }, signer);
}

export function messageItem(target: string, signer: Signer, content: ItemContent = {}): Promise<DataItem> {
  const tags = [...PROTOCOL, { name: 'Type', value: 'Message' }, ...(content.tags ?? [])];
  return createDataItem({ data: 'hello', anchor: randomBytes(32), ...content, target, tags }, signer);
}

/** Spawns a process and gives its id. */
export async function spawn(
  rig: Rig,
  signer: Signer = newSigner(),
  content: ItemContent = {},
): Promise<string> {
  const item = await spawnItem(rig.address, signer, content);
  const { status, body } = await rig.post(item);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.id as string;
}

/** Reads the whole schedule of a process, in pages of `limit`, by timestamp as compute units do. */
export async function readAll(rig: Rig, processId: string, limit = 100): Promise<SchedulePage['edges']> {
  const edges: SchedulePage['edges'] = [];
  for (let from = ''; ; ) {
    const page = await rig.page(`/${processId}?process-id=${processId}&limit=${limit}${from}`);
    edges.push(...page.edges);
    if (!page.page_info.has_next_page) return edges;
    from = `&from=${page.edges.at(-1)?.cursor}`;
  }
}

/** Fails unless nonces have no gap, the chain holds, timestamps strictly increase and heights never decrease. */
export function expectSound(processId: string, edges: SchedulePage['edges']): void {
  let previous: { assignmentId: string; hashChain: string; timestamp: number; height: number } | undefined;
  for (const [index, { node }] of edges.entries()) {
    const read = readAssignmentTags(node.assignment.tags);
    expect(read.processId).toBe(processId);
    expect(read.nonce).toBe(index);
    expect(read.hashChain).toBe(previous ? nextHashChain(previous) : firstHashChain(processId));
    expect(read.timestamp).toBeGreaterThan(previous?.timestamp ?? 0);
    expect(read.blockHeight).toBeGreaterThanOrEqual(previous?.height ?? 0);
    previous = {
      assignmentId: node.assignment.id,
      hashChain: read.hashChain,
      timestamp: read.timestamp,
      height: read.blockHeight,
    };
  }
}

/** Waits until `check` holds. */
export async function until(
  check: () => boolean | Promise<boolean>,
  what: string,
  ms = 20_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Gave up waiting until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The assignment item that a slot's JSON describes; `show-anchor` must have been asked for. */
export async function rebuildAssignment(
  assignment: ScheduledAssignment,
  signatureType = 1,
): Promise<DataItem> {
  const owner = fromBase64url(assignment.owner.key);
  const signature = fromBase64url(assignment.signature);
  const anchor = fromBase64url(assignment.anchor ?? '');
  const item = await createDataItem(
    { tags: assignment.tags, anchor },
    { signatureType, owner, address: '', sign: async () => signature },
  );
  return parseDataItem(item.raw);
}
