import { expect, test } from 'vitest';
import { EvaluationOrder } from './evaluation-order.ts';

test('places are taken by nonce, whoever came first; without a nonce last, in order of arrival', async () => {
  const order = new EvaluationOrder();
  const entered = [7, undefined, 3, undefined, 5].map((nonce, index) => ({
    name: `${nonce ?? 'unknown'}#${index}`,
    turn: order.enter('process', nonce),
  }));
  const recorded: string[] = [];
  // 7 was alone when it came, so it may go on; all others wait for those before them.
  await Promise.all(
    entered.map(async ({ name, turn }) => {
      await turn.first;
      recorded.push(name);
      turn.leave();
    }),
  );
  expect(recorded.slice(2)).toEqual(['5#4', 'unknown#1', 'unknown#3']);
  expect(recorded.slice(0, 2).sort()).toEqual(['3#2', '7#0']);
});

test('one that leaves without having been first makes way', async () => {
  const order = new EvaluationOrder();
  const [first, second, third] = [1, 2, 3].map((nonce) => order.enter('process', nonce));
  second?.leave();
  first?.leave();
  await third?.first;
});

test('processes do not wait for each other', async () => {
  const order = new EvaluationOrder();
  order.enter('a', 1);
  await order.enter('b', 2).first;
});
