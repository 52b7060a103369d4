import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toBase64url } from '@ao-ts/core';
import { parseDataItem, type Tag } from '@ao-ts/core/ans104';
import { assignmentTags, firstHashChain, nextHashChain } from '@ao-ts/core/schedule';
import type { GatewayTransaction, ScheduleNode } from '@ao-ts/core/schemas';
import { COUNTER_FORMAT, counterModule } from './counter-module.ts';
import { idOf } from './ids.ts';

export interface FakeMessage {
  name: string;
  data?: string | null;
  tags?: Tag[];
  anchor?: string | null;
  owner?: { address: string; key: string };
  timestamp?: number;
}

interface FakeProcess {
  tags: Tag[];
  nodes: ScheduleNode[];
}

export const MODULE_ID = idOf('module');
export const OWNER = { address: idOf('owner'), key: 'o'.repeat(683) };
const ORIGIN = { timestamp: 1_700_000_000_000, blockHeight: 1_650_000 };

export const MODULE_TAGS: Tag[] = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Type', value: 'Module' },
  { name: 'Module-Format', value: COUNTER_FORMAT },
  { name: 'Input-Encoding', value: 'JSON-1' },
  { name: 'Output-Encoding', value: 'JSON-1' },
  { name: 'Memory-Limit', value: '100-mb' },
  { name: 'Compute-Limit', value: '9000000000000' },
];

/** A Scheduler Unit and a gateway that say what a test wants them to say, over HTTP, and count what they are asked. */
export class FakeNetwork implements AsyncDisposable {
  readonly processes = new Map<string, FakeProcess>();
  readonly transactions = new Map<string, GatewayTransaction>();
  readonly data = new Map<string, Uint8Array>();
  /** What the scheduler takes for now. Blocks come every ten seconds. */
  now = ORIGIN;
  readonly requests: string[] = [];
  /** Answers instead of the fake if it returns true. */
  intercept: (path: string, response: ServerResponse) => boolean = () => false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeNetwork> {
    const server = createServer();
    const network = new FakeNetwork(server);
    server.on('request', (request, response) => void network.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    network.addTransaction({ id: MODULE_ID, tags: MODULE_TAGS, data: await counterModule() });
    return network;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  addTransaction(item: Partial<GatewayTransaction> & { id: string; data?: Uint8Array }): void {
    const { data, ...fields } = item;
    this.transactions.set(item.id, { owner: OWNER, tags: [], signature: `sig-${item.id}`, ...fields });
    if (data) this.data.set(item.id, data);
  }

  spawn(name: string, tags: Tag[] = []): string {
    const processId = idOf(name);
    const all = [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Process' },
      { name: 'Module', value: MODULE_ID },
      ...tags,
    ];
    this.processes.set(processId, { tags: all, nodes: [] });
    this.schedule(processId, { name, tags: all });
    return processId;
  }

  /** Schedules a message and gives its id. */
  schedule(processId: string, message: FakeMessage): string {
    const id = idOf(message.name);
    const slot = this.#slot(
      processId,
      message.timestamp,
      this.#process(processId).nodes.length === 0 ? undefined : id,
    );
    slot.message = {
      id,
      owner: message.owner ?? OWNER,
      data: message.data === undefined ? '!a' : message.data,
      tags: message.tags ?? [],
      signature: `sig-${id}`,
      anchor: message.anchor ?? null,
      target: processId,
    };
    return id;
  }

  /** Assigns something on Arweave and gives the id of the assignment. */
  assign(processId: string, id: string, exclude: string[] = []): string {
    return this.#slot(processId, undefined, id, exclude).assignment.id;
  }

  asked(prefix: string): number {
    return this.requests.filter((path) => path.startsWith(prefix)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #process(processId: string): FakeProcess {
    const process = this.processes.get(processId);
    if (!process) throw new Error(`no process ${processId}`);
    return process;
  }

  #slot(processId: string, at?: number, messageId?: string, exclude: string[] = []): ScheduleNode {
    const { nodes } = this.#process(processId);
    const nonce = nodes.length;
    const timestamp = at ?? ORIGIN.timestamp + nonce * 1000;
    const previous = nodes.at(-1)?.assignment;
    const chainOf = (tags: readonly Tag[]) => tags.find(({ name }) => name === 'Hash-Chain')?.value ?? '';
    const node: ScheduleNode = {
      message: null,
      assignment: {
        id: idOf(`${processId}/${nonce}`),
        owner: OWNER,
        signature: 's',
        anchor: null,
        target: null,
        tags: assignmentTags({
          processId,
          epoch: 0,
          nonce,
          hashChain: previous
            ? nextHashChain({ assignmentId: previous.id, hashChain: chainOf(previous.tags) })
            : firstHashChain(processId),
          blockHeight: ORIGIN.blockHeight + Math.floor((timestamp - ORIGIN.timestamp) / 10_000),
          timestamp,
          ...(messageId === undefined ? {} : { messageId }),
          exclude,
        }),
      },
    };
    nodes.push(node);
    return node;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    this.requests.push(url.pathname + url.search);
    if (this.intercept(url.pathname + url.search, response)) return;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (url.pathname.startsWith('/raw/')) {
      const data = this.data.get(url.pathname.slice(5));
      response.writeHead(data ? 200 : 404).end(data);
      return;
    }
    const value =
      url.pathname === '/graphql'
        ? this.#graphql(body.toString())
        : url.pathname === '/tx/arweave'
          ? this.#upload(body)
          : this.#scheduler(url);
    response.writeHead(value ? 200 : 400, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value ?? { error: 'Message or Process not found' }));
  }

  #graphql(body: string): unknown {
    const { variables } = JSON.parse(body);
    if (variables.min !== undefined) {
      const blocks = Array.from({ length: variables.first }, (_, index) => ({
        height: variables.min + index,
        timestamp: ORIGIN.timestamp / 1000 + (variables.min + index - ORIGIN.blockHeight) * 10,
      }));
      return { data: { blocks: { edges: blocks.map((node) => ({ node })) } } };
    }
    if (variables.tags !== undefined) return this.#byTags(variables);
    const [id = ''] = variables.ids ?? [];
    const node = this.transactions.get(id);
    return { data: { transactions: { edges: node ? [{ node }] : [] } } };
  }

  #byTags({ tags, owners }: { tags: { name: string; values: string[] }[]; owners?: string[] }): unknown {
    const edges = [...this.transactions.values()]
      .filter(({ owner }) => !owners || owners.includes(owner.address))
      .filter((item) =>
        tags.every(({ name, values }) =>
          item.tags.some((tag) => tag.name === name && values.includes(tag.value)),
        ),
      )
      .toReversed()
      .map((node) => ({ node }));
    return { data: { transactions: { edges } } };
  }

  /** Takes a data item like an uploader does. */
  #upload(raw: Buffer): unknown {
    const item = parseDataItem(raw);
    const owner = { address: item.ownerAddress, key: toBase64url(item.owner) };
    this.addTransaction({ id: item.id, owner, tags: [...item.tags], data: Buffer.from(item.data) });
    return { id: item.id };
  }

  #scheduler(url: URL): unknown {
    const [first = '', second] = url.pathname.slice(1).split('/');
    if (first === 'timestamp') {
      const { timestamp, blockHeight } = this.now;
      return { timestamp: String(timestamp), block_height: String(blockHeight).padStart(12, '0') };
    }
    if (first === 'processes') return this.#description(second ?? '');
    const nodes = this.processes.get(url.searchParams.get('process-id') ?? first)?.nodes;
    if (!nodes) return undefined;
    if (second === 'latest') return nodes.at(-1);
    if (!this.processes.has(first)) {
      const isIt = ({ name, value }: Tag) => name === 'Message' && value === first;
      return nodes.find(({ assignment: { id, tags } }) => id === first || tags.some(isIt));
    }
    const from = Number(url.searchParams.get('from-nonce') ?? -1);
    const to = Number(url.searchParams.get('to-nonce') ?? nodes.length - 1);
    const limit = Number(url.searchParams.get('limit') ?? 500);
    const range = nodes.slice(from + 1, to + 1);
    return {
      page_info: { has_next_page: range.length > limit },
      edges: range.slice(0, limit).map((node, index) => ({ node, cursor: String(from + 1 + index) })),
    };
  }

  #description(processId: string): unknown {
    const process = this.processes.get(processId);
    return (
      process && {
        process_id: processId,
        block: String(ORIGIN.blockHeight).padStart(12, '0'),
        owner: OWNER,
        tags: process.tags,
        timestamp: ORIGIN.timestamp,
        data: null,
        anchor: null,
        signature: `sig-${processId}`,
      }
    );
  }
}
