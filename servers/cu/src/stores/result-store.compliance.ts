import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Evaluation, ResultStore } from '../domain/result-store.ts';

/** What every engine of a result store has to do. `open` gives an empty one. */
export function resultStoreCompliance(
  name: string,
  open: () => Promise<{ store: ResultStore; close: () => Promise<void> }>,
): void {
  describe(`result store: ${name}`, () => {
    let store: ResultStore;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ store, close } = await open());
    });
    afterEach(() => close());

    const evaluation = (nonce: number, more: Partial<Evaluation> = {}): Evaluation => ({
      processId: 'p',
      nonce,
      timestamp: nonce * 10,
      cron: null,
      blockHeight: 1,
      messageId: `m${nonce}`,
      assignmentId: `a${nonce}`,
      digest: null,
      status: 'ok',
      body: `body ${nonce}`,
      ...more,
    });
    const cron = (nonce: number, timestamp: number, id: string): Evaluation =>
      evaluation(nonce, { timestamp, cron: id, messageId: null, assignmentId: null, body: id });
    const list = async (more: object = {}) =>
      (
        await store.list({
          processId: 'p',
          only: 'all',
          from: undefined,
          to: undefined,
          descending: false,
          limit: 100,
          ...more,
        })
      ).map(({ body }) => body);

    test('finds by message, by assignment and by nonce, within the process only', async () => {
      await store.save([evaluation(1), evaluation(2), evaluation(1, { processId: 'q', body: 'other' })]);
      expect(await store.find('p', 'm1')).toEqual(evaluation(1));
      expect(await store.find('p', 'a2')).toEqual(evaluation(2));
      expect(await store.at('p', 2)).toEqual(evaluation(2));
      expect((await store.find('q', 'm1'))?.body).toBe('other');
      expect(await store.find('q', 'm2')).toBeUndefined();
      expect(await store.at('p', 3)).toBeUndefined();
    });

    test('of a message that was assigned twice, its id finds the first', async () => {
      await store.save([evaluation(1), evaluation(2, { messageId: 'm1', status: 'duplicate' })]);
      expect((await store.find('p', 'm1'))?.nonce).toBe(1);
      expect((await store.find('p', 'a2'))?.nonce).toBe(2);
    });

    test('the first write wins', async () => {
      await store.save([evaluation(1), cron(1, 15, '0-x')]);
      const again = [
        evaluation(1, { body: 'changed' }),
        { ...cron(1, 15, '0-x'), body: 'changed' },
        evaluation(2),
        cron(1, 16, '0-x'),
      ];
      expect(await store.save(again)).toEqual(['body 1', '0-x', 'body 2', '0-x']);
      expect((await store.at('p', 1))?.body).toBe('body 1');
      expect((await store.at('p', 2))?.body).toBe('body 2');
    });

    test('keeps any text', async () => {
      const body = 'a\u0000b \ud83d\ude00 \u2028"';
      await store.save([evaluation(1, { body })]);
      expect((await store.at('p', 1))?.body).toBe(body);
    });

    test('tells the highest nonce, and what was evaluated before a nonce', async () => {
      expect(await store.newestNonce('p')).toBeUndefined();
      await store.save([
        evaluation(2, { digest: 'd' }),
        evaluation(10),
        evaluation(4, { digest: 'e', status: 'duplicate' }),
      ]);
      expect(await store.newestNonce('p')).toBe(10);
      expect(await store.evaluatedBefore('p', { digest: 'd' }, 3)).toBe(true);
      expect(await store.evaluatedBefore('p', { digest: 'd' }, 2)).toBe(false);
      expect(await store.evaluatedBefore('p', { digest: 'e' }, 9)).toBe(false);
      expect(await store.evaluatedBefore('q', { digest: 'd' }, 9)).toBe(false);
      expect(await store.evaluatedBefore('p', { messageId: 'm2' }, 3)).toBe(true);
      expect(await store.evaluatedBefore('p', { messageId: 'm4' }, 9)).toBe(false);
    });

    test('lists successes by time, then nonce, then cron, with crons after their message', async () => {
      await store.save([
        evaluation(10),
        evaluation(9),
        cron(9, 95, '1-x'),
        cron(9, 95, '0-y'),
        cron(9, 90, '0-y'),
        evaluation(11, { status: 'failed' }),
        evaluation(12, { status: 'duplicate' }),
      ]);
      const all = ['body 9', '0-y', '0-y', '1-x', 'body 10'];
      expect(await list()).toEqual(all);
      expect(await list({ descending: true })).toEqual(all.toReversed());
      expect(await list({ only: 'cron', limit: 2 })).toEqual(['0-y', '0-y']);
      expect(await list({ processId: 'q' })).toEqual([]);
    });

    test('bounds: `from` excludes a place and includes a time, `to` includes both, in either order', async () => {
      await store.save([evaluation(1), cron(1, 10, '0-x'), evaluation(2), evaluation(3)]);
      const from = { timestamp: 10, nonce: 1, cron: null };
      const to = { timestamp: 20, nonce: 2, cron: null };
      for (const descending of [false, true]) {
        const ordered = (bodies: string[]) => (descending ? bodies.toReversed() : bodies);
        expect(await list({ descending, from })).toEqual(ordered(['0-x', 'body 2', 'body 3']));
        expect(await list({ descending, from: { ...from, cron: '0-x' }, to })).toEqual(['body 2']);
        expect(await list({ descending, from: { timestamp: 10 }, to: { timestamp: 20 } })).toEqual(
          ordered(['body 1', '0-x', 'body 2']),
        );
      }
    });
  });
}
