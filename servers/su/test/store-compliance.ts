import { randomBytes } from 'node:crypto';
import { toBase64url } from '@ao-ts/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Slot } from '../src/domain/slot.ts';
import type { Stores } from '../src/stores/open.ts';

const newId = () => toBase64url(randomBytes(32));

function slotOf(processId: string, nonce: number, more: Partial<Slot> = {}): Slot {
  return {
    processId,
    nonce,
    timestamp: 1000 + nonce * 10,
    assignmentId: newId(),
    assignment: randomBytes(50),
    itemId: nonce === 0 ? processId : newId(),
    item: randomBytes(20),
    ...more,
  };
}

/** What every pair of a schedule store and an upload outbox does. `open` gives an empty pair. */
export function storeCompliance(name: string, open: () => Promise<Stores>): void {
  describe(name, () => {
    let stores: Stores;
    let processId: string;

    beforeEach(async () => {
      stores = await open();
      processId = newId();
      await stores.store.hold(processId);
    });

    afterEach(() => stores.store.close());

    const fill = async (count: number): Promise<Slot[]> => {
      const slots = Array.from({ length: count }, (_, nonce) => slotOf(processId, nonce));
      for (const slot of slots) await stores.store.append(slot);
      return slots;
    };
    const collect = async (from: number, to: number) => {
      const found: Slot[] = [];
      for await (const slot of stores.store.range(processId, from, to)) found.push(slot);
      return found;
    };

    test('gives back every slot, byte for byte', async () => {
      const slots = await fill(70);
      expect(await collect(0, 69)).toEqual(slots);
      expect(await collect(3, 5)).toEqual(slots.slice(3, 6));
      expect(await collect(68, 200)).toEqual(slots.slice(68));
      expect(await collect(70, 80)).toEqual([]);
      expect(await stores.store.slot(processId, 7)).toEqual(slots[7]);
      expect(await stores.store.slot(processId, 70)).toBeUndefined();
      expect(await stores.store.latest(processId)).toEqual(slots[69]);
      expect(await stores.store.newest()).toEqual(slots[69]);
      expect(await stores.store.latest(newId())).toBeUndefined();
    });

    test('gives back slots of every size, those without an item among them', async () => {
      const items = [20, 2_000_000, null, 600_000, 600_000, 20, 1_100_000, 1_100_000, null];
      const slots = items.map((size, nonce) =>
        slotOf(processId, nonce, { item: size === null ? null : randomBytes(size) }),
      );
      for (const slot of slots) await stores.store.append(slot);
      const found = await collect(0, 99);
      expect(found.map(({ nonce, item }) => [nonce, item?.length ?? null])).toEqual([...items.entries()]);
      expect(await collect(7, 7)).toEqual(slots.slice(7, 8));
    });

    test('has nothing at first', async () => {
      expect(await stores.store.newest()).toBeUndefined();
      expect(await stores.outbox.depth()).toBe(0);
      expect(await stores.outbox.nextDue()).toBeUndefined();
    });

    test('takes slots of many processes that are appended at once', async () => {
      const ids = Array.from({ length: 5 }, newId);
      for (const id of ids) await stores.store.hold(id);
      await Promise.all(
        ids.flatMap((id) => [0, 1, 2, 3].map((nonce) => stores.store.append(slotOf(id, nonce)))),
      );
      for (const id of ids) expect((await stores.store.latest(id))?.nonce).toBe(3);
      expect(await stores.outbox.depth()).toBe(20);
    });

    test('refuses a slot that leaves a gap or repeats a nonce, and what was to come with it', async () => {
      await fill(2);
      const { store } = stores;
      for (const nonce of [0, 1, 3]) {
        const itemId = newId();
        const slot = slotOf(processId, nonce, { timestamp: 5000, itemId });
        await expect(store.append(slot, randomBytes(48))).rejects.toMatchObject({
          code: 'SCHEDULE.CONFLICT',
          action: 'retry',
        });
        expect(await store.hasItem(itemId)).toBe(false);
      }
      expect(await stores.outbox.depth()).toBe(2);
      expect(await collect(0, 9)).toHaveLength(2);
    });

    test('one bad slot does not keep back the others that are appended with it', async () => {
      await fill(1);
      const other = newId();
      await stores.store.hold(other);
      const outcomes = await Promise.allSettled([
        stores.store.append(slotOf(processId, 1)),
        stores.store.append(slotOf(processId, 7)),
        stores.store.append(slotOf(other, 0)),
        stores.store.append(slotOf(processId, 9)),
        stores.store.append(slotOf(processId, 2)),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect((await collect(0, 9)).map(({ nonce }) => nonce)).toEqual([0, 1, 2]);
    });

    test('takes an item once, and an assignment of it any number of times', async () => {
      const { store } = stores;
      const [, first] = await fill(2);
      const itemId = first?.itemId ?? '';
      const other = newId();
      await store.hold(other);
      await store.append(slotOf(other, 0));
      await expect(store.append(slotOf(other, 1, { itemId }))).rejects.toMatchObject({
        code: 'SCHEDULE.DUPLICATE',
      });
      await store.append(slotOf(other, 1, { itemId, item: null }));
      await store.append(slotOf(other, 2, { itemId, item: null }));
      expect(await store.hasItem(itemId)).toBe(true);
      expect(await store.hasItem(newId())).toBe(false);
    });

    test('takes a content once per process', async () => {
      const { store } = stores;
      await fill(1);
      const hash = randomBytes(48);
      expect(await store.hasContent(processId, hash)).toBe(false);
      await store.append(slotOf(processId, 1), hash);
      expect(await store.hasContent(processId, hash)).toBe(true);
      await expect(store.append(slotOf(processId, 2), hash)).rejects.toMatchObject({
        code: 'SCHEDULE.DUPLICATE',
        message: 'MessageExists("Deep hash already exists")',
      });
      const other = newId();
      await store.hold(other);
      await store.append(slotOf(other, 0), hash);
    });

    test('knows which nonce a time is at', async () => {
      await fill(3);
      const at = (time: number) => stores.store.nonceAt(processId, time);
      expect(await Promise.all([999, 1000, 1009, 1010, 1020, 9999].map(at))).toEqual([-1, 0, 0, 1, 2, 2]);
      expect(await stores.store.nonceAt(newId(), 5)).toBe(-1);
    });

    test('finds slots by item and assignment, of the process that is meant, else with a body', async () => {
      const { store } = stores;
      const other = newId();
      await store.hold(other);
      const itemId = newId();
      await store.append(slotOf(other, 0));
      const assigned = slotOf(other, 1, { itemId, item: null });
      await store.append(assigned);
      expect(await store.find(itemId)).toEqual(assigned);
      await fill(1);
      const posted = slotOf(processId, 1, { itemId });
      await store.append(posted);
      expect(await store.find(itemId)).toEqual(posted);
      expect(await store.find(itemId, other)).toEqual(assigned);
      expect(await store.find(itemId, newId())).toEqual(posted);
      expect(await store.find(assigned.assignmentId, processId)).toEqual(assigned);
      expect(await store.find(processId)).toBeUndefined();
      expect(await store.find(newId())).toBeUndefined();
      expect(await store.hasProcess(processId)).toBe(true);
      expect(await store.hasProcess(itemId)).toBe(false);
    });

    test('every slot leaves an upload, until it is done', async () => {
      const { outbox } = stores;
      const slots = await fill(4);
      const due = await outbox.due(0, 3);
      expect(due.map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
      for (const [index, { sequence }] of due.entries()) {
        const { item = null, assignment } = slots[index] ?? expect.unreachable();
        expect(await outbox.load(sequence)).toEqual({ item, assignment });
      }
      await outbox.done(due.slice(0, 2).map(({ sequence }) => sequence));
      expect(await outbox.depth()).toBe(2);
    });

    test('an upload that was put off comes later', async () => {
      const { outbox } = stores;
      await fill(2);
      for (const { sequence } of await outbox.due(0, 9)) await outbox.postpone(sequence, 500);
      expect(await outbox.nextDue()).toBe(500);
      expect(await outbox.due(499, 9)).toEqual([]);
      expect((await outbox.due(500, 9)).map(({ attempts }) => attempts)).toEqual([1, 1]);
    });

    test('an upload that was given back is due at once', async () => {
      const { outbox } = stores;
      await fill(2);
      const [first] = await outbox.due(1000, 1);
      await outbox.release([first?.sequence ?? 0]);
      expect(await outbox.due(1000, 9)).toHaveLength(2);
    });

    test('what was scheduled can be uploaded again', async () => {
      const { outbox } = stores;
      const slots = await fill(3);
      await outbox.done((await outbox.due(0, 9)).map(({ sequence }) => sequence));
      const [first, ...rest] = await outbox.scheduledAfter(0, 2);
      expect(first).toMatchObject({
        timestamp: slots[0]?.timestamp,
        itemId: processId,
        assignmentId: slots[0]?.assignmentId,
      });
      expect(rest).toHaveLength(1);
      const [last] = await outbox.scheduledAfter(rest[0]?.sequence ?? 0, 2);
      expect(last?.assignmentId).toBe(slots[2]?.assignmentId);
      const sequence = last?.sequence ?? 0;
      await outbox.again([sequence]);
      await outbox.again([sequence]);
      expect((await outbox.due(0, 9)).map((upload) => upload.sequence)).toEqual([sequence]);
    });
  });
}
