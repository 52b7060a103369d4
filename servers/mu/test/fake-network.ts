import { randomBytes } from 'node:crypto';
import { toBase64url } from '@ao-ts/core';
import {
  createDataItem,
  type DataItem,
  ethereumSigner,
  parseDataItem,
  type Signer,
  type Tag,
  tagValue,
} from '@ao-ts/core/ans104';
import { assignmentTags } from '@ao-ts/core/schedule';
import { type FakeAnswer, type FakeRequest, FakeUnit } from './fake-unit.ts';

export interface Slot {
  nonce: number;
  assignmentId: string;
  messageId: string;
  exclude: string | null;
  baseLayer: boolean;
  timestamp: number;
  /** Absent if something that is elsewhere was assigned. */
  item?: DataItem;
}

/** What is missing is empty; what is undefined is left out. */
export interface FakeResult {
  Messages?: unknown[] | undefined;
  Spawns?: unknown[] | undefined;
  Assignments?: unknown[] | undefined;
  Error?: unknown;
}

/** What a process does with a slot of its history. */
export type Behaviour = (slot: Slot) => FakeResult;

export const id = () => toBase64url(randomBytes(32));

/** A scheduler, compute unit, gateway and uploader that keep the contract, in memory. */
export class FakeNetwork implements AsyncDisposable {
  readonly schedulerAddress = id();
  readonly module = id();
  readonly client: Signer = ethereumSigner(randomBytes(32));
  readonly schedule = new Map<string, Slot[]>();
  readonly processes = new Map<string, { tags: readonly Tag[]; owner: string }>();
  /** URLs of other schedulers that the gateway knows, by address. */
  readonly locations = new Map<string, string>();
  readonly uploads: DataItem[] = [];
  readonly results = new Map<string, FakeResult>();
  readonly behaviours = new Map<string, Behaviour>();
  /** Of processes that were spawned on the way. */
  spawned: Behaviour = () => ({});
  crons: { cursor: string; node: FakeResult }[] = [];
  readonly su = new FakeUnit((request) => this.#su(request));
  readonly cu = new FakeUnit((request) => this.#cu(request));
  readonly gateway = new FakeUnit((request) => this.#gateway(request));
  readonly uploader = new FakeUnit((request) => this.#upload(request));

  async start(): Promise<this> {
    await Promise.all([this.su.start(), this.cu.start(), this.gateway.start(), this.uploader.start()]);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.su.stop(), this.cu.stop(), this.gateway.stop(), this.uploader.stop()]);
  }

  /** A process that is there from the beginning. */
  addProcess(behaviour: Behaviour = () => ({})): string {
    const processId = id();
    const tags = [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Process' },
      { name: 'Module', value: this.module },
      { name: 'Scheduler', value: this.schedulerAddress },
    ];
    this.processes.set(processId, { tags, owner: this.client.address });
    this.schedule.set(processId, [
      {
        nonce: 0,
        assignmentId: id(),
        messageId: processId,
        exclude: null,
        baseLayer: false,
        timestamp: Date.now(),
      },
    ]);
    this.behaviours.set(processId, behaviour);
    return processId;
  }

  message(target: string, tags: Tag[] = [], data = 'hello'): Promise<DataItem> {
    const all = [{ name: 'Data-Protocol', value: 'ao' }, { name: 'Type', value: 'Message' }, ...tags];
    return createDataItem({ target, tags: all, data, anchor: randomBytes(32) }, this.client);
  }

  process(tags: Tag[] = [], target?: string): Promise<DataItem> {
    const all = [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Process' },
      { name: 'Module', value: this.module },
      { name: 'Scheduler', value: tagValue(tags, 'Scheduler') ?? this.schedulerAddress },
      ...tags,
    ];
    return createDataItem({ tags: all, data: ' ', ...(target ? { target } : {}) }, this.client);
  }

  /** The items in the history of a process, without the process itself. */
  items(processId: string): DataItem[] {
    return (this.schedule.get(processId) ?? []).flatMap(({ item, nonce }) => (item && nonce > 0 ? item : []));
  }

  #su({ method, url, body }: FakeRequest): FakeAnswer {
    const processId = url.searchParams.get('process-id') ?? '';
    const assign = url.searchParams.get('assign');
    if (method === 'POST' && assign !== null) {
      const slots = this.schedule.get(processId);
      if (!slots) return notFound;
      const slot = {
        nonce: slots.length,
        assignmentId: id(),
        messageId: assign,
        exclude: url.searchParams.get('exclude'),
        baseLayer: url.searchParams.has('base-layer'),
        timestamp: Date.now(),
      };
      slots.push(slot);
      return { status: 200, body: { id: slot.assignmentId, timestamp: Date.now() } };
    }
    if (method === 'POST') return this.#scheduleItem(parseDataItem(body));
    const [, first = '', second] = url.pathname.split('/');
    if (first === 'processes') {
      const known = this.processes.get(second ?? '');
      if (!known) return notFound;
      const owner = { address: known.owner, key: '' };
      return {
        status: 200,
        body: { process_id: second, block: '000001600000', owner, tags: known.tags, timestamp: 1 },
      };
    }
    if (first === processId) return this.#schedulePage(url);
    const slot = this.schedule
      .get(processId)
      ?.find((each) => each.messageId === first || each.assignmentId === first);
    return slot ? { status: 200, body: nodeOf(processId, slot) } : notFound;
  }

  #schedulePage({ searchParams }: URL): FakeAnswer {
    const processId = searchParams.get('process-id') ?? '';
    const slots = this.schedule.get(processId);
    if (!slots) return notFound;
    const from = Number(searchParams.get('from-nonce') ?? -1);
    const to = Number(searchParams.get('to-nonce') ?? Number.POSITIVE_INFINITY);
    const rest = slots.filter(({ nonce }) => nonce > from && nonce <= to);
    const limit = Math.min(Number(searchParams.get('limit') ?? 100), 2);
    const edges = rest
      .slice(0, limit)
      .map((slot) => ({ node: nodeOf(processId, slot), cursor: String(slot.nonce) }));
    return { status: 200, body: { page_info: { has_next_page: rest.length > limit }, edges } };
  }

  #scheduleItem(item: DataItem): FakeAnswer {
    const processId = item.tag('Type') === 'Process' ? item.id : item.targetId;
    const slots = this.schedule.get(processId) ?? [];
    if (slots.some((slot) => slot.messageId === item.id && slot.item)) {
      return { status: 400, body: { error: 'Message already exists' } };
    }
    if (processId === item.id) {
      if (!item.tag('Module')) return { status: 400, body: { error: 'No Module tag' } };
      this.processes.set(item.id, { tags: item.tags, owner: item.ownerAddress });
      if (!this.behaviours.has(item.id)) this.behaviours.set(item.id, (slot) => this.spawned(slot));
    } else if (!this.schedule.has(processId)) return notFound;
    const slot = {
      nonce: slots.length,
      assignmentId: id(),
      messageId: item.id,
      exclude: null,
      timestamp: Date.now(),
    };
    this.schedule.set(processId, [...slots, { ...slot, baseLayer: false, item }]);
    return { status: 200, body: { id: item.id, timestamp: Date.now(), nonce: slot.nonce } };
  }

  #cu({ url }: FakeRequest): FakeAnswer {
    const [, route, wanted = ''] = url.pathname.split('/');
    if (route === 'cron' || route === 'results') return this.#cronPage(url);
    const processId = url.searchParams.get('process-id') ?? '';
    const slot = this.schedule
      .get(processId)
      ?.find((each) => each.messageId === wanted || each.assignmentId === wanted);
    if (!slot) return { status: 404, body: { error: 'Message not found' } };
    const key = `${processId}/${slot.nonce}`;
    const result = this.results.get(key) ?? this.behaviours.get(processId)?.(slot) ?? {};
    this.results.set(key, result);
    return { status: 200, body: { ...EMPTY, ...result } };
  }

  #cronPage({ pathname, searchParams }: URL): FakeAnswer {
    const limit = Number(searchParams.get('limit'));
    const edges = this.crons.map(({ cursor, node }) => ({ cursor, node: { ...EMPTY, ...node } }));
    if (pathname.startsWith('/results')) {
      return { status: 200, body: { pageInfo: { hasNextPage: false }, edges: edges.slice(-1) } };
    }
    const rest = edges.slice(edges.findIndex(({ cursor }) => cursor === searchParams.get('from')) + 1);
    return {
      status: 200,
      body: { pageInfo: { hasNextPage: rest.length > limit }, edges: rest.slice(0, limit) },
    };
  }

  #gateway({ method, body }: FakeRequest): FakeAnswer {
    if (method === 'GET') return { status: 404 };
    const { variables } = JSON.parse(body.toString());
    const [address = ''] = variables.owners ?? [];
    const url = address === this.schedulerAddress ? this.su.url : this.locations.get(address);
    const tags = [
      { name: 'Url', value: url },
      { name: 'Time-To-Live', value: '3600000' },
    ];
    const edges = url ? [{ node: { id: id(), owner: { address }, tags } }] : [];
    return { status: 200, body: { data: { transactions: { edges } } } };
  }

  #upload({ body }: FakeRequest): FakeAnswer {
    const item = parseDataItem(body);
    this.uploads.push(item);
    return { status: 200, body: { id: item.id } };
  }
}

const EMPTY = { Messages: [], Spawns: [], Assignments: [], Output: '', GasUsed: 0 };
const notFound: FakeAnswer = { status: 400, body: { error: 'Message or Process not found' } };

function nodeOf(processId: string, slot: Slot) {
  const owner = { address: '', key: '' };
  const tags = assignmentTags({
    processId,
    epoch: 0,
    nonce: slot.nonce,
    hashChain: '',
    blockHeight: 1,
    timestamp: slot.timestamp,
    messageId: slot.messageId,
    exclude: [],
  });
  const { item } = slot;
  const message = item && {
    id: item.id,
    owner,
    data: '',
    tags: item.tags,
    signature: '',
    anchor: Buffer.from(item.anchor).toString(),
    target: item.targetId,
  };
  return {
    message: message ?? null,
    assignment: { id: slot.assignmentId, owner, tags, signature: '', anchor: null, target: '' },
  };
}

/** An entry of an outbox as aos writes it. */
export function send(
  Target: string,
  tags: Record<string, string> = {},
  Data = '1984',
): { Target: string; Anchor: string; Tags: Tag[]; Data: string } {
  const Tags = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Type', value: 'Message' },
    ...Object.entries(tags).map(([name, value]) => ({ name, value })),
  ];
  return { Target, Anchor: tagValue(Tags, 'Reference')?.padStart(32, '0') ?? '', Tags, Data };
}
