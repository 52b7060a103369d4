import { expect, test } from 'vitest';
import { openStores } from '../stores/open-stores.ts';
import type { Evaluation } from './result-store.ts';
import { ResultWriter } from './result-writer.ts';

const evaluation = (nonce: number, body: string): Evaluation => ({
  processId: 'p',
  nonce,
  timestamp: nonce,
  cron: null,
  blockHeight: 1,
  messageId: `m${nonce}`,
  assignmentId: `a${nonce}`,
  digest: null,
  status: 'ok',
  body,
});

test('tells what is stored, also where another unit was faster and had another result', async () => {
  const { results, closeStores } = await openStores(':memory:');
  await results.save([evaluation(1, 'first')]);
  const told: string[] = [];
  const mismatches: number[] = [];
  const done = Promise.withResolvers<void>();
  const writer = new ResultWriter({
    results,
    onStored: (_, body) => {
      if (told.push(body) === 3) done.resolve();
    },
    onFailure: done.reject,
    onMismatch: ({ nonce }) => mismatches.push(nonce),
  });
  for (const nonce of [0, 1, 2]) writer.add(evaluation(nonce, `body ${nonce}`), false);
  writer.flush();
  await done.promise;
  expect(told).toEqual(['body 0', 'first', 'body 2']);
  expect(mismatches).toEqual([1]);
  expect([writer.stored, writer.size]).toEqual([3, 0]);
  await closeStores();
});
