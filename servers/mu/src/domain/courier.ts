import { AoError, isAoError } from '@ao-ts/core';
import { type DataItem, parseDataItem, type Tag } from '@ao-ts/core/ans104';
import { readAssignmentTags } from '@ao-ts/core/schedule';
import { type ProcessDirectory, saidNotFound, type UploaderClient } from '@ao-ts/server-kit';
import { isCast, spawnedPlan } from './child-items.ts';
import { assignmentNode, laneOf } from './children.ts';
import type { Gate } from './gate.ts';
import type { Delivered } from './ledger.ts';
import type { AssignmentPlan, ItemPlan, NewNode, Parcel } from './node.ts';
import type { Scheduler, SchedulerFor, Slot } from './scheduler.ts';

type SentItem = Parcel & { item: Uint8Array };
type Receipt = Pick<Delivered, 'id' | 'nonce'>;

/** Where something is delivered to. */
interface Place {
  /** Base URL. */
  host: string;
  scheduler: Scheduler;
}

export interface CourierPorts {
  directory: ProcessDirectory;
  schedulerFor: SchedulerFor;
  uploader: Pick<UploaderClient, 'upload'>;
  /** Base URL of the uploader, for the record. */
  uploaderUrl: string;
  /** Bounds the writes under way to one host. */
  perHost: Gate;
  /** What was scheduled before (Unix ms) is so old that this unit no longer knows whether it saw to its result. */
  remembersFrom: () => number;
}

/**
 * Takes one node to where it belongs: messages to the scheduler of their process or, if they are for a wallet,
 * to the uploader; processes and assignments to their scheduler. Delivering again what was delivered is
 * acknowledged like the first time.
 */
export class Courier {
  readonly #ports: CourierPorts;

  constructor(ports: CourierPorts) {
    this.#ports = ports;
  }

  /**
   * @param maybeSent the scheduler may have it already; what it would not recognise as a repetition is looked up first
   * @throws AoError whose action says whether to try again
   */
  async deliver(parcel: Parcel, maybeSent: boolean): Promise<Delivered> {
    try {
      return await this.#take(parcel, maybeSent);
    } catch (error) {
      const moved = await this.#ports.directory.foundElsewhere(parcel.target, error);
      if (!moved || !saidNotFound(error)) throw error;
      const message = `${parcel.target} has moved to another scheduler; it is tried again there.`;
      throw new AoError('SCHEDULER.MOVED', message, { action: 'retry', cause: error });
    }
  }

  async #take(parcel: Parcel, maybeSent: boolean): Promise<Delivered> {
    if (parcel.kind === 'assignment') return this.#assign(parcel, maybeSent);
    if (!parcel.item) throw new TypeError(`${parcel.key} is not signed`);
    const sent = { ...parcel, item: parcel.item };
    return parcel.kind === 'process' ? this.#spawn(sent, maybeSent) : this.#message(sent, maybeSent);
  }

  /** Asks the scheduler whether it has a node; undefined if it definitely has not. */
  async lookUp(parcel: Parcel): Promise<Delivered | undefined> {
    if (parcel.kind === 'assignment')
      return this.#assigned(parcel, await this.#placeOf(parcel.target, parcel.emitter));
    if (!parcel.item) return undefined;
    const item = parseDataItem(parcel.item);
    const processId = parcel.kind === 'process' ? item.id : parcel.target;
    const { host, scheduler } =
      parcel.kind === 'process'
        ? await this.#placeOfProcess(item)
        : await this.#placeOf(parcel.target, parcel.emitter);
    const slot = await found(scheduler.slot(processId, item.id, parcel.receivedAt));
    if (!slot) return undefined;
    const receipt = { id: item.id, ...nonceOf(slot) };
    return parcel.kind === 'process'
      ? this.#spawned(parcel, item, host, receipt)
      : this.#sent(parcel, item, host, receipt);
  }

  async #message(parcel: SentItem, maybeSent: boolean): Promise<Delivered> {
    const item = parseDataItem(parcel.item);
    const place = await this.#placeOf(parcel.target, parcel.emitter).catch((error: unknown) => {
      // Only what nobody knows as a process is a wallet; an outage says nothing.
      if (isAoError(error, 'PROCESS.NOT_FOUND') && parcel.emitter !== null) return undefined;
      throw error;
    });
    if (place === undefined) return this.#upload(item);
    const { host } = place;
    const receipt = await this.#schedule(
      place,
      parcel.target,
      item,
      maybeSent ? parcel.receivedAt : undefined,
    );
    return receipt ? this.#sent(parcel, item, host, receipt) : nothingToFollow(item.id, host);
  }

  /** Undefined if the item is there, and its result is not for this unit to see to. */
  async #schedule(
    { host, scheduler }: Place,
    processId: string,
    item: DataItem,
    sentSince?: number,
  ): Promise<Receipt | undefined> {
    try {
      const answer = await this.#write(host, () => scheduler.schedule(item.raw, processId, sentSince));
      const { nonce, processId: newId = item.id } = answer;
      return { id: processId === item.id ? newId : item.id, ...(nonce === undefined ? {} : { nonce }) };
    } catch (error) {
      if (!saidAlreadyThere(error)) throw error;
    }
    const slot = await found(scheduler.slot(processId, item.id));
    // The same content came from another messenger. (Not every scheduler gives a process itself a slot.)
    if (!slot) return processId === item.id ? { id: item.id } : undefined;
    // It came so long ago that it is forgotten here.
    if (timestampOf(slot) < this.#ports.remembersFrom()) return undefined;
    return { id: item.id, ...nonceOf(slot) };
  }

  #sent(parcel: Parcel, item: DataItem, host: string, receipt: Receipt): Delivered {
    const { assignTo = [] } = (parcel.plan ?? {}) as Partial<ItemPlan>;
    const plan = { messageId: item.id, baseLayer: false, exclude: [] };
    const children = assignTo.map((target) => assignmentNode(caused(parcel, 'assign'), target, plan));
    return { ...receipt, host, awaitsResult: !isCast(item.tags), children };
  }

  async #upload(item: DataItem): Promise<Delivered> {
    const { uploader, uploaderUrl } = this.#ports;
    await this.#write(uploaderUrl, () => uploader.upload(item.raw));
    return nothingToFollow(item.id, uploaderUrl);
  }

  async #spawn(parcel: SentItem, maybeSent: boolean): Promise<Delivered> {
    const item = parseDataItem(parcel.item);
    const place = await this.#placeOfProcess(item);
    const { host, scheduler } = place;
    const there = maybeSent && (await found(scheduler.process(item.id)));
    const receipt = there ? { id: item.id } : await this.#schedule(place, item.id, item);
    return receipt ? this.#spawned(parcel, item, host, receipt) : nothingToFollow(item.id, host);
  }

  #spawned(parcel: Parcel, item: DataItem, host: string, receipt: Receipt): Delivered {
    const known = { tags: item.tags, schedulerUrl: host };
    const { id } = receipt;
    this.#ports.directory.remember(id, known);
    const children: NewNode[] = [];
    if (parcel.emitter !== null) {
      const base = caused(parcel, 'spawned');
      const plan = spawnedPlan(id, parcel.plan as ItemPlan, parcel.emitter, parcel.root ?? undefined);
      const lane = laneOf(parcel.emitter, parcel.emitter);
      children.push({ ...base, kind: 'message', lane, target: parcel.emitter, plan });
    } else if (item.target.length > 0) {
      const plan = { messageId: id, baseLayer: false, exclude: [] };
      children.push(assignmentNode(caused(parcel, 'assign'), item.targetId, plan));
    }
    // Its own slot is its first, whether its scheduler tells or not.
    return { ...receipt, nonce: 0, host, awaitsResult: true, children, process: known };
  }

  async #assign(parcel: Parcel, maybeSent: boolean): Promise<Delivered> {
    const place = await this.#placeOf(parcel.target, parcel.emitter);
    const known = maybeSent ? await this.#assigned(parcel, place) : undefined;
    if (known) return known;
    const { host, scheduler } = place;
    const plan = parcel.plan as AssignmentPlan;
    const { id, nonce } = await this.#write(host, () =>
      scheduler.assign({ processId: parcel.target, ...plan }),
    );
    return { id, host, ...(nonce === undefined ? {} : { nonce }), awaitsResult: true, children: [] };
  }

  async #assigned(parcel: Parcel, { host, scheduler }: Place): Promise<Delivered | undefined> {
    const { messageId } = parcel.plan as AssignmentPlan;
    const slot = await found(scheduler.slot(parcel.target, messageId));
    if (!slot) return undefined;
    return { id: slot.assignment.id, host, ...nonceOf(slot), awaitsResult: true, children: [] };
  }

  async #placeOf(processId: string, emitter: string | null): Promise<Place> {
    const { schedulerUrl, tags } = await located(this.#ports.directory.find(processId, emitter ?? undefined));
    return this.#placeAt(schedulerUrl, tags);
  }

  async #placeOfProcess(item: DataItem): Promise<Place> {
    const address = item.tag('Scheduler');
    if (address) return this.#placeAt(await located(this.#ports.directory.locate(address)), item.tags);
    throw new AoError('ITEM.TAGS', "No Scheduler tag found on 'Process' DataItem", { action: 'fix' });
  }

  #placeAt(host: string, tags: readonly Tag[]): Place {
    return { host, scheduler: this.#ports.schedulerFor(host, tags) };
  }

  #write<T>(host: string, request: () => Promise<T>): Promise<T> {
    return this.#ports.perHost.run(host, request);
  }
}

function nothingToFollow(id: string, host: string): Delivered {
  return { id, host, awaitsResult: false, children: [] };
}

function caused(parcel: Parcel, how: string): Pick<NewNode, 'key' | 'emitter' | 'root' | 'trace' | 'depth'> {
  const root = parcel.root ?? parcel.id;
  return {
    key: `${parcel.key}/${how}`,
    depth: parcel.depth + 1,
    ...(parcel.emitter === null ? {} : { emitter: parcel.emitter }),
    ...(root === null ? {} : { root }),
    ...(parcel.trace === null ? {} : { trace: parcel.trace }),
  };
}

// Being refused by a directory says nothing about the node: it stays.
async function located<T>(lookUp: Promise<T>): Promise<T> {
  try {
    return await lookUp;
  } catch (error) {
    if (!isAoError(error, 'HTTP.STATUS')) throw error;
    throw new AoError('DIRECTORY.UNAVAILABLE', error.message, { action: 'retry', cause: error });
  }
}

async function found<T>(lookUp: Promise<T>): Promise<T | undefined> {
  try {
    return await lookUp;
  } catch (error) {
    if (saidNotFound(error)) return undefined;
    throw error;
  }
}

const ALREADY_THERE = /Message already exists|Deep hash already exists/i;

function saidAlreadyThere(error: unknown): boolean {
  return isAoError(error, 'HTTP.STATUS') && ALREADY_THERE.test(String(error.facts.said));
}

function timestampOf(slot: Slot): number {
  return readAssignmentTags(slot.assignment.tags).timestamp;
}

function nonceOf(slot: Slot): { nonce?: number } {
  try {
    return { nonce: readAssignmentTags(slot.assignment.tags).nonce };
  } catch {
    return {}; // it only informs
  }
}
