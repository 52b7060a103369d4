import { expect, test } from 'vitest';
import { EvaluationOrder } from './evaluation-order.ts';

test('places are taken by nonce, whoever came first; without a nonce last, in order of arrival', async () => {
  const order = new EvaluationOrder();
  const entered = [7, undefined, 3, undefined, 5].map((nonce, index) => ({
    name: `${nonce ?? 'unknown'}#${index}`,
    turn: order.enter('process', nonce),
  }));
  const recorded: string[] = [];
  await Promise.all(
    entered.map(async ({ name, turn }) => {
      await turn.first();
      recorded.push(name);
      turn.leave();
    }),
  );
  expect(recorded).toEqual(['3#2', '5#4', '7#0', 'unknown#1', 'unknown#3']);
});

test('one that leaves without having been first makes way', async () => {
  const order = new EvaluationOrder();
  const [first, second, third] = [1, 2, 3].map((nonce) => order.enter('process', nonce));
  second?.leave();
  first?.leave();
  await third?.first();
});

test('processes do not wait for each other', async () => {
  const order = new EvaluationOrder();
  order.enter('a', 1);
  await order.enter('b', 2).first();
});
