import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Delivered, InheritedWork, Ledger } from '../src/domain/ledger.ts';
import type { NewNode } from '../src/domain/node.ts';

/** What every ledger does, whatever it is kept in. `open` opens the same one again after it was closed. */
export function ledgerSuite(name: string, prepare: () => Promise<(clock: () => number) => Promise<Ledger>>) {
  describe(name, () => {
    let now: number;
    let open: (clock: () => number) => Promise<Ledger>;
    let ledger: Ledger;

    beforeEach(async () => {
      now = 1000;
      open = await prepare();
      ledger = await open(() => now);
    });
    afterEach(() => ledger.close());

    const root = (key: string): NewNode => ({
      key,
      lane: key,
      kind: 'message',
      target: 'process',
      depth: 0,
      id: key,
      item: Buffer.from([0, 255, 7]),
    });
    const child = (key: string): NewNode => ({
      key,
      lane: 'process>other',
      kind: 'message',
      emitter: 'process',
      target: 'other',
      root: 'a',
      depth: 1,
      plan: { target: 'other', tags: [{ name: 'Nul', value: '\0' }], data: 'dàta' },
    });
    const receipt = (id: string, rest: Partial<Delivered> = {}): Delivered => ({
      id,
      host: 'http://su',
      awaitsResult: true,
      children: [],
      ...rest,
    });
    const reopen = async () => {
      await ledger.close();
      ledger = await open(() => now);
    };
    const inherited = async () => {
      const all: InheritedWork = { nodes: [], monitors: [] };
      await ledger.follow(({ nodes, monitors }) => {
        all.nodes.push(...nodes);
        all.monitors.push(...monitors);
      });
      return all;
    };
    const states = async (id: string) =>
      (await ledger.tree(id, { after: 0, limit: 100 })).map((node) => node.state);

    test('records a root once, and gives what is known the second time', async () => {
      const first = await ledger.accept(root('a'));
      const second = await ledger.accept(root('a'));
      expect([first.created, second.created]).toEqual([true, false]);
      expect(second.node).toEqual(first.node);
      expect(first.node).toMatchObject({ state: 'received', receivedAt: 1000, attempts: 0, parent: null });
      expect(Buffer.from((await ledger.get(first.node.seq))?.item ?? [])).toEqual(Buffer.from([0, 255, 7]));
    });

    test('leads a node and its children through their states', async () => {
      const { seq } = (await ledger.accept(root('a'))).node;
      now = 2000;
      expect(await ledger.scheduled(seq, receipt('a', { nonce: 4 }))).toEqual([]);
      expect(await states('a')).toEqual(['scheduled']);
      now = 3000;
      const queued = await ledger.resulted(seq, [child('c0'), child('c1')]);
      expect(queued.map(({ lane, state }) => [lane, state])).toEqual([
        ['process>other', 'received'],
        ['process>other', 'received'],
      ]);
      expect(await states('a')).toEqual(['resulted', 'received', 'received']);
      const [first = 0, second = 0] = queued.map((each) => each.seq);
      expect(first).toBeLessThan(second);
      await ledger.built(first, 'id-0', Buffer.from('signed'));
      expect(await ledger.get(first)).toMatchObject({ id: 'id-0', plan: child('c0').plan, parent: 'a' });
      await ledger.scheduled(first, receipt('id-0'));
      await ledger.resulted(first, []);
      expect(await states('a')).toEqual(['resulted', 'done', 'received']);
      now = 4000;
      await ledger.scheduled(second, receipt('id-1', { awaitsResult: false }));
      expect(await states('a')).toEqual(['done', 'done', 'done']);
      expect(await ledger.get(seq)).toMatchObject({
        nonce: 4,
        host: 'http://su',
        scheduledAt: 2000,
        resultedAt: 3000,
        finishedAt: 4000,
        item: null,
      });
    });

    test('takes neither an acknowledgement nor an outbox twice', async () => {
      const { seq } = (await ledger.accept(root('a'))).node;
      expect(await ledger.scheduled(seq, receipt('a', { children: [child('extra')] }))).toHaveLength(1);
      expect(await ledger.scheduled(seq, receipt('a', { children: [child('extra')] }))).toBeUndefined();
      expect(await ledger.resulted(seq, [child('c0')])).toHaveLength(1);
      expect(await ledger.resulted(seq, [child('c0')])).toEqual([]);
      expect(await states('a')).toEqual(['resulted', 'received', 'received']);
    });

    test('counts, lists and revives what is dead', async () => {
      const { seq } = (await ledger.accept(root('a'))).node;
      await ledger.scheduled(seq, receipt('a'));
      const { plan, ...unplanned } = child('c1');
      const unreadable = { ...unplanned, error: 'not text' };
      const [queued] = await ledger.resulted(seq, [child('c0'), unreadable]);
      await ledger.failed(queued?.seq ?? 0, 'too slow', 5000);
      expect(await ledger.get(queued?.seq ?? 0)).toMatchObject({
        attempts: 1,
        error: 'too slow',
        retryAt: 5000,
      });
      await ledger.dead(queued?.seq ?? 0, 'refused');
      expect(await ledger.counts()).toEqual({ pending: 0, unsure: 0, dead: 2 });
      expect(await states('a')).toEqual(['done', 'dead', 'dead']);
      const errors = (await ledger.undelivered('process', { after: 0, limit: 10 })).map((node) => node.error);
      expect(errors).toEqual(['refused', 'not text']);

      expect(await ledger.revive('c1')).toBeUndefined();
      expect(await ledger.revive('a')).toBeUndefined();
      expect(await ledger.revive('a\0')).toBeUndefined();
      expect(await ledger.revive('c0')).toMatchObject([{ seq: queued?.seq, state: 'received' }]);
      expect(await states('a')).toEqual(['resulted', 'received', 'dead']);
      await ledger.scheduled(queued?.seq ?? 0, receipt('c0'));
      await ledger.dead(queued?.seq ?? 0, 'no result');
      expect(await states('a')).toEqual(['done', 'dead', 'dead']);
      expect(await ledger.undelivered('process', { after: 0, limit: 10 })).toHaveLength(1);
      const dead = await ledger.allDead({ after: 0, limit: 1 });
      const others = await ledger.allDead({ after: dead[0]?.seq ?? 0, limit: 10 });
      expect([...dead, ...others].map(({ key, error }) => [key, error])).toEqual([
        ['c0', 'no result'],
        ['c1', 'not text'],
      ]);
      expect(await ledger.revive('c0')).toMatchObject([{ state: 'scheduled' }]);
    });

    test('forgets only what was not scheduled', async () => {
      const [a, b] = [(await ledger.accept(root('a'))).node.seq, (await ledger.accept(root('b'))).node.seq];
      await ledger.scheduled(b, receipt('b'));
      await ledger.forget(a);
      await ledger.forget(b);
      expect([await ledger.get(a), (await ledger.get(b))?.state]).toEqual([undefined, 'scheduled']);
    });

    test('pages a tree and an outbox', async () => {
      const { seq } = (await ledger.accept(root('a'))).node;
      await ledger.scheduled(seq, receipt('a'));
      await ledger.resulted(
        seq,
        Array.from({ length: 5 }, (_, n) => child(`c${n}`)),
      );
      const first = await ledger.tree('a', { after: 0, limit: 4 });
      const rest = await ledger.tree('a', { after: first.at(-1)?.seq ?? 0, limit: 4 });
      expect([...first, ...rest].map(({ key }) => key)).toEqual(['a', 'c0', 'c1', 'c2', 'c3', 'c4']);
      expect([await ledger.countCausedBy('a', 9), await ledger.countCausedBy('a', 3)]).toEqual([5, 3]);
      const outbox = await ledger.undelivered('process', { after: first[1]?.seq ?? 0, limit: 2 });
      expect(outbox.map(({ key }) => key)).toEqual(['c1', 'c2']);
    });

    test('goes on where it was after it is opened again', async () => {
      const process = { tags: [{ name: 'Module', value: 'm' }], schedulerUrl: 'http://su' };
      for (const key of ['a', 'b', 'c', 'd']) await ledger.accept(root(key));
      const [a = 0, b = 0, c = 0] = await Promise.all(
        ['a', 'b', 'c'].map(async (key) => (await ledger.find(key))?.seq ?? 0),
      );
      await ledger.scheduled(a, receipt('a', { process }));
      await ledger.unsure(b);
      await ledger.dead(c, 'refused');
      await reopen();
      expect((await inherited()).nodes.map(({ lane, state }) => [lane, state])).toEqual([
        ['a', 'scheduled'],
        ['b', 'unsure'],
        ['d', 'received'],
      ]);
      expect(await ledger.counts()).toEqual({ pending: 2, unsure: 1, dead: 1 });
      expect(await ledger.processes(10)).toEqual([{ id: 'a', known: process }]);
    });

    test('moves the cursor of a monitor together with what the crons emitted', async () => {
      expect(await ledger.addMonitor('process')).toBe(true);
      expect(await ledger.addMonitor('process')).toBe(false);
      expect(await ledger.monitor('process')).toEqual({
        processId: 'process',
        cursor: null,
        started: false,
        failures: 0,
        error: null,
        failingSince: null,
        endedAt: null,
      });
      await ledger.advance('process', 'one', []);
      await ledger.monitorFailed('process', 'away', 0);
      now = 2000;
      expect(await ledger.monitorFailed('process', 'away', 0)).toBe(false);
      await reopen();
      expect((await inherited()).monitors).toEqual(['process']);
      expect(await ledger.monitor('process')).toMatchObject({
        cursor: 'one',
        started: true,
        failures: 2,
        error: 'away',
        failingSince: 1000,
      });
      expect(await ledger.advance('process', 'two', [child('x')])).toHaveLength(1);
      expect(await ledger.advance('process', 'two', [child('x')])).toEqual([]);
      expect(await ledger.monitor('process')).toMatchObject({ cursor: 'two', failures: 0, error: null });
      expect(await ledger.removeMonitor('process')).toBe(true);
      expect(await ledger.removeMonitor('process')).toBe(false);
      expect(await ledger.monitor('process')).toBeUndefined();
      expect(await ledger.advance('process', 'three', [child('y')])).toEqual([]);
      expect(await states('y')).toEqual([]);
    });

    test('ends a monitor that failed for too long, until it is asked for again', async () => {
      for (const process of ['a', 'b', 'c']) await ledger.addMonitor(process);
      await ledger.advance('b', 'here', []);
      await ledger.monitorFailed('b', 'away', 0);
      now = 3000;
      expect(await ledger.monitorFailed('b', 'away', 1000)).toBe(false);
      expect(await ledger.monitorFailed('b', 'gone', 1001)).toBe(true);
      expect(await ledger.monitor('b')).toMatchObject({ error: 'gone', failingSince: 1000, endedAt: 3000 });
      const list = async (after: string, limit: number) =>
        (await ledger.monitors({ after, limit })).map(({ processId, endedAt }) => [processId, endedAt]);
      expect([await list('', 2), await list('b', 2)]).toEqual([
        [
          ['a', null],
          ['b', 3000],
        ],
        [['c', null]],
      ]);
      await reopen();
      expect((await inherited()).monitors.sort()).toEqual(['a', 'c']);
      expect(await ledger.addMonitor('b')).toBe(true);
      expect(await ledger.monitor('b')).toMatchObject({
        cursor: 'here',
        failures: 0,
        failingSince: null,
        endedAt: null,
      });
      await reopen();
      expect((await inherited()).monitors.sort()).toEqual(['a', 'b', 'c']);
    });
  });
}
