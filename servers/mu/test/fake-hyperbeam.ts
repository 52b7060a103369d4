import { type DataItem, parseDataItem } from '@ao-ts/core/ans104';
import { assignmentTags } from '@ao-ts/core/schedule';
import { type FakeNetwork, id } from './fake-network.ts';
import { type FakeAnswer, type FakeRequest, FakeUnit } from './fake-unit.ts';

/** A HyperBEAM node that schedules processes, in memory. It takes whatever it gets, as often as it gets it. */
export class FakeHyperbeam implements AsyncDisposable {
  readonly address = id();
  readonly schedule = new Map<string, DataItem[]>();
  /** It may call a process otherwise than its item. */
  processIdOf = reversed;
  /** When a slot was given, Unix ms. */
  timestampOf: (slot: number) => number = () => Date.now();
  readonly node = new FakeUnit((request) => this.#answer(request));

  /** Its location, and the headers by which its processes are found, are at the gateway of a network. */
  async start(network: FakeNetwork): Promise<this> {
    await this.node.start();
    network.locations.set(this.address, this.node.url);
    network.gateway.fault = ({ method, url }) => {
      if (method !== 'GET' || !this.schedule.has(url.pathname.slice(1))) return undefined;
      const headers = { type: 'process', variant: 'ao.N.1', module: network.module, scheduler: this.address };
      return { status: 200, headers };
    };
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.stop();
  }

  /** A process that is there from the beginning. */
  async addProcess(network: FakeNetwork): Promise<string> {
    const processId = id();
    this.schedule.set(processId, [await network.process()]);
    return processId;
  }

  /** The items in the history of a process, without the process itself. */
  items(processId: string): DataItem[] {
    return this.schedule.get(processId)?.slice(1) ?? [];
  }

  #answer({ method, url, body }: FakeRequest): FakeAnswer {
    if (method === 'POST') return this.#take(url.pathname.split('/')[1] ?? '', parseDataItem(body));
    const processId = url.searchParams.get('target') ?? '';
    const items = this.schedule.get(processId);
    if (!items) return { status: 404, body: 'not_found' };
    if (url.pathname === '/~scheduler@1.0/slot') {
      return { status: 200, headers: { current: String(items.length - 1), process: processId } };
    }
    const [from, to] = [Number(url.searchParams.get('from')), Number(url.searchParams.get('to'))];
    const edges = items
      .map((item, slot) => ({ node: this.#nodeOf(processId, item, slot), cursor: slot }))
      .slice(from, to + 1);
    return { status: 200, body: { page_info: { has_next_page: false }, edges } };
  }

  #take(path: string, item: DataItem): FakeAnswer {
    const isProcess = item.tag('Type') === 'Process';
    const processId = isProcess ? this.processIdOf(item) : path;
    const items = [...(this.schedule.get(processId) ?? []), item];
    this.schedule.set(processId, items);
    const headers = { slot: String(items.length - 1), timestamp: String(Date.now()), process: processId };
    return { status: 200, headers };
  }

  #nodeOf(processId: string, item: DataItem, slot: number) {
    const assignment = { processId, epoch: 0, nonce: slot, hashChain: '', blockHeight: 1, exclude: [] };
    const tags = assignmentTags({ ...assignment, timestamp: this.timestampOf(slot), messageId: item.id });
    return {
      message: { Id: item.id, Anchor: Buffer.from(item.anchor).toString(), Tags: item.tags },
      assignment: {
        Id: id(),
        Tags: tags.map(({ name, value }) => ({ name: name === 'Nonce' ? 'Slot' : name, value })),
      },
    };
  }
}

export function reversed({ id }: DataItem): string {
  return [...id].reverse().join('').replace(/.$/, 'A');
}
