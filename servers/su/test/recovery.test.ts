import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type DataItem, parseDataItem } from '@ao-ts/core/ans104';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contentHash } from '../src/domain/content-hash.ts';
import type { Entry } from '../src/domain/process-line.ts';
import { type Archive, recover } from '../src/domain/recovery.ts';
import type { ScheduleStore } from '../src/domain/schedule-store.ts';
import type { Scheduler } from '../src/domain/scheduler.ts';
import type { Slot } from '../src/domain/slot.ts';
import { openStores } from '../src/stores/open.ts';
import { messageItem, newSigner, schedulerOn, spawnItem, temporaryDirectory } from './support.ts';

const signer = newSigner();
const user = newSigner();

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
/** The store that is lost, and a copy that was made of it at some time. */
let lost: ScheduleStore;
let copy: ScheduleStore;
let scheduler: Scheduler;
let processId: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  lost = (await openStores(join(directory.path, 'lost.sqlite'))).store;
  copy = (await openStores(join(directory.path, 'copy.sqlite'))).store;
  scheduler = schedulerOn(lost, signer);
  const process = await spawnItem(signer.address, user);
  processId = process.id;
  await scheduler.schedule({ processId, itemId: processId, item: process.raw, exclude: [] });
});
afterEach(async () => {
  await Promise.all([lost.close(), copy.close()]);
  await directory[Symbol.asyncDispose]();
});

async function slotsOf(store: ScheduleStore): Promise<Slot[]> {
  const slots: Slot[] = [];
  for await (const slot of store.range(processId, 0, Number.MAX_SAFE_INTEGER)) slots.push(slot);
  return slots;
}

async function send(tags = [{ name: 'Action', value: 'x' }], more: Partial<Entry> = {}): Promise<DataItem> {
  const item = await messageItem(processId, user, { tags });
  const hash = tags.some(({ name }) => name === 'From-Process') ? { contentHash: contentHash(item) } : {};
  await scheduler.schedule({ processId, itemId: item.id, item: item.raw, exclude: [], ...hash, ...more });
  return item;
}

/** Arweave, as far as it has these slots; the newest first, like a gateway. */
function archiveOf(slots: readonly Slot[], further: readonly DataItem[] = []): Archive {
  const items = new Map(further.map((item) => [item.id, item]));
  for (const { item } of slots) if (item) items.set(parseDataItem(item).id, parseDataItem(item));
  return {
    async *assignments() {
      for (const { assignment } of slots.toReversed()) yield parseDataItem(assignment);
    },
    item: async (id) => items.get(id),
  };
}

async function restore(slots: readonly Slot[]): Promise<void> {
  for (const slot of slots) await copy.append(slot);
}

test('what came after the copy is put back as it was, and the schedule goes on from there', async () => {
  for (let i = 0; i < 5; i++) await send();
  const slots = await slotsOf(lost);
  await restore(slots.slice(0, 3));
  const archive = archiveOf(slots);
  expect(await recover(copy, archive)).toEqual({ slots: 3, processes: 1, problems: [] });
  expect(await slotsOf(copy)).toEqual(slots);
  expect(await recover(copy, archive)).toEqual({ slots: 0, processes: 0, problems: [] });
  scheduler = schedulerOn(copy, signer);
  await send();
  expect((await slotsOf(copy)).map(({ nonce }) => nonce)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('without any copy everything is put back; what was only assigned has its id; what was pushed stays known', async () => {
  const other = await messageItem(randomBytes(32).toString('base64url'), user);
  await send(undefined, { itemId: other.id, item: null });
  const unknown = randomBytes(32).toString('base64url');
  await send(undefined, { itemId: unknown, item: null });
  const pushed = await send([{ name: 'From-Process', value: 'p' }]);
  const slots = await slotsOf(lost);
  expect(await recover(copy, archiveOf(slots, [other]))).toMatchObject({ slots: 4, problems: [] });
  expect(await slotsOf(copy)).toEqual(slots);
  expect(await copy.hasContent(processId, contentHash(pushed))).toBe(true);
});

test('a process is left as it is where a slot is missing, and where its history is not one', async () => {
  for (let i = 0; i < 3; i++) await send();
  const slots = await slotsOf(lost);
  const [spawned, first, second, third] = slots as [Slot, Slot, Slot, Slot];

  await restore([spawned]);
  const gap = await recover(copy, archiveOf([spawned, second, third]));
  expect(gap).toEqual({
    slots: 0,
    processes: 0,
    problems: [expect.stringContaining('slot 1 is not on Arweave, but slot 2 is')],
  });

  // The scheduler went on from the copy without what was missing.
  scheduler = schedulerOn(copy, signer);
  await send();
  const fork = await recover(copy, archiveOf(slots));
  expect(fork.problems).toEqual([expect.stringContaining('slot 1 is another one on Arweave')]);
  const unchained = await recover(copy, archiveOf([second]));
  expect(unchained.problems).toEqual([expect.stringContaining('slot 2 does not continue slot 1')]);
  expect(await slotsOf(copy)).toHaveLength(2);
  expect(first.nonce).toBe(1);
});

test('a process that is not on Arweave itself is named', async () => {
  await send();
  const slots = (await slotsOf(lost)).map((slot) => (slot.nonce === 0 ? { ...slot, item: null } : slot));
  expect((await recover(copy, archiveOf(slots))).problems).toEqual([
    expect.stringContaining('the process itself is not on Arweave'),
  ]);
});
