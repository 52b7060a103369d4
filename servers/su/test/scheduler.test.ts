import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toBase64url } from '@ao-ts/core';
import { parseDataItem } from '@ao-ts/core/ans104';
import { firstHashChain, nextHashChain, readAssignmentTags } from '@ao-ts/core/schedule';
import type { Sqlite } from '@ao-ts/server-kit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Entry } from '../src/domain/process-line.ts';
import type { Scheduler } from '../src/domain/scheduler.ts';
import { connect } from '../src/stores/database.ts';
import { SqliteOrders } from '../src/stores/sqlite-orders.ts';
import { SqliteScheduleStore } from '../src/stores/sqlite-schedule-store.ts';
import type { OrderWriter } from '../src/stores/sqlite-writer.ts';
import { newSigner, schedulerOn } from './support.ts';

let db: Sqlite;
let store: SqliteScheduleStore;
let scheduler: Scheduler;
const signer = newSigner();
const newId = () => toBase64url(randomBytes(32));

beforeEach(() => {
  db = connect(':memory:');
  const orders = new SqliteOrders(db);
  const writer: OrderWriter = {
    async write(order) {
      const [error] = await orders.commit([order]);
      if (error) throw error;
    },
    close: async () => {},
  };
  store = new SqliteScheduleStore(db, writer, () => db.close());
  scheduler = schedulerOn(store, signer);
});

afterEach(() => store.close());

const message = (processId: string): Entry => {
  return { processId, itemId: newId(), item: randomBytes(100), exclude: [] };
};

async function spawn(): Promise<string> {
  const id = newId();
  await scheduler.schedule({ processId: id, itemId: id, item: randomBytes(100), exclude: [] });
  return id;
}

/** Item ids of a process in order, after checking that its schedule is sound. */
async function schedule(processId: string): Promise<string[]> {
  const ids: string[] = [];
  let chain = firstHashChain(processId);
  for await (const slot of store.range(processId, 0, Number.MAX_SAFE_INTEGER)) {
    const read = readAssignmentTags(parseDataItem(slot.assignment).tags);
    expect(read.nonce).toBe(ids.length);
    expect(read.hashChain).toBe(chain);
    chain = nextHashChain({ assignmentId: slot.assignmentId, hashChain: chain });
    ids.push(slot.itemId);
  }
  return ids;
}

describe('when commits fail', () => {
  test('what was acknowledged is there once, in a sound chain; the rest is told to try again', async () => {
    const processes = await Promise.all([spawn(), spawn(), spawn()]);
    const append = store.append.bind(store);
    let calls = 0;
    vi.spyOn(store, 'append').mockImplementation(async (slot, hash) => {
      const call = ++calls;
      for (let turn = 0; turn < call % 5; turn++) await nextTurn();
      if (call % 7 === 3) throw new Error('lost before it was written');
      await append(slot, hash);
      if (call % 11 === 5) throw new Error('written, but nobody was told');
    });
    const acknowledged = new Map<string, string[]>(processes.map((id) => [id, []]));
    const failures: unknown[] = [];
    for (let round = 0; round < 20; round++) {
      const entries = processes.flatMap((id) => Array.from({ length: 8 }, () => message(id)));
      await Promise.all(
        entries.map((entry) =>
          scheduler.schedule(entry).then(
            () => acknowledged.get(entry.processId)?.push(entry.itemId),
            (error) => failures.push(error),
          ),
        ),
      );
    }
    expect(failures.length).toBeGreaterThan(10);
    for (const [processId, ids] of acknowledged) {
      expect(ids.length).toBeGreaterThan(5);
      const stored = await schedule(processId);
      expect(new Set(stored).size).toBe(stored.length);
      expect(stored.filter((id) => ids.includes(id))).toEqual(ids);
    }
  });

  test('a full disk costs no slot, and the unit goes on when there is room', async () => {
    const processId = await spawn();
    const pages = db.pragma('page_count', { simple: true }) as number;
    db.pragma(`max_page_count = ${pages + 4}`);
    const big = (): Entry => ({ ...message(processId), item: randomBytes(3000) });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => scheduler.schedule(big())));
    const taken = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(taken).toBeLessThan(20);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ action: 'retry' });
    }
    expect(await schedule(processId)).toHaveLength(1 + taken);
    db.pragma('max_page_count = 1000000');
    const repeat = big();
    await scheduler.schedule(repeat);
    expect((await schedule(processId)).at(-1)).toBe(repeat.itemId);
  });

  test('messages that came while their process was being stored do not take its place', async () => {
    const append = store.append.bind(store);
    const { promise: lost, reject: lose } = Promise.withResolvers<void>();
    vi.spyOn(store, 'append')
      .mockImplementationOnce(() => lost)
      .mockImplementation(append);
    const id = newId();
    const process = { processId: id, itemId: id, item: randomBytes(100), exclude: [] };
    const spawned = scheduler.schedule(process);
    await vi.waitUntil(() => vi.mocked(store.append).mock.calls.length === 1);
    const messages = Array.from({ length: 20 }, () => scheduler.schedule(message(id)));
    const outcomes = Promise.allSettled([spawned, ...messages]);
    await vi.waitUntil(() => scheduler.waiting > 0);
    lose(new Error('lost'));
    expect((await outcomes).map(({ status }) => status)).toEqual(Array(21).fill('rejected'));
    expect(await schedule(id)).toEqual([]);
    await scheduler.schedule(process);
    const later = message(id);
    await scheduler.schedule(later);
    expect(await schedule(id)).toEqual([id, later.itemId]);
  });

  test('a repeat that waited for a failed first is taken in its place', async () => {
    const processId = await spawn();
    const append = store.append.bind(store);
    vi.spyOn(store, 'append').mockRejectedValueOnce(new Error('lost')).mockImplementation(append);
    const entry = message(processId);
    const [first, second, third] = await Promise.allSettled([
      scheduler.schedule(entry),
      scheduler.schedule(entry),
      scheduler.schedule(entry),
    ]);
    expect(first.status).toBe('rejected');
    expect(second.status).toBe('fulfilled');
    expect(third).toMatchObject({ status: 'rejected', reason: { code: 'SCHEDULE.DUPLICATE' } });
    expect(await schedule(processId)).toEqual([processId, entry.itemId]);
  });
});

test('an entry whose assignment can not be signed costs no slot', async () => {
  const processId = await spawn();
  const bad = { ...message(processId), item: null, exclude: ['x'.repeat(4000)] };
  const [refused, taken] = await Promise.allSettled([
    scheduler.schedule(bad),
    scheduler.schedule(message(processId)),
  ]);
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'ANS104.LIMIT' } });
  expect(taken).toMatchObject({ status: 'fulfilled', value: { nonce: 1 } });
});

test('a line that is too long is closed until it is shorter', async () => {
  const processId = await spawn();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 60 }, () => scheduler.schedule(message(processId))),
  );
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(9);
  expect(refused[0]).toMatchObject({ reason: { code: 'SCHEDULE.BUSY', action: 'retry' } });
  expect(scheduler.waiting).toBe(0);
  await scheduler.schedule(message(processId));
});

test('a long line does not keep other processes waiting', async () => {
  const [busy, other] = await Promise.all([spawn(), spawn()]);
  let done = 0;
  const long = Array.from({ length: 50 }, () =>
    scheduler.schedule(message(busy)).then(() => {
      done++;
    }),
  );
  await scheduler.schedule(message(other));
  expect(done).toBeLessThan(50);
  await Promise.all(long);
});
