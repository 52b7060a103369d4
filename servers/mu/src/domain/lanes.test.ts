import { expect, test } from 'vitest';
import { Lanes } from './lanes.ts';

function controlled() {
  const log: string[] = [];
  const finish = new Map<number, () => void>();
  const prepared: number[] = [];
  const work = (seq: number) => {
    log.push(`+${seq}`);
    return new Promise<void>((resolve) => {
      finish.set(seq, () => {
        log.push(`-${seq}`);
        resolve();
      });
    });
  };
  const lanes = new Lanes({ prepare: (seq) => prepared.push(seq), work });
  return { log, finish, lanes, prepared };
}

test('works on one of each lane at a time, in order', async () => {
  const { log, finish, lanes } = controlled();
  lanes.add('x', 1);
  lanes.add('x', 2);
  lanes.add('y', 3);
  expect([log, lanes.size]).toEqual([['+1', '+3'], 2]);
  finish.get(1)?.();
  await Promise.resolve();
  finish.get(2)?.();
  finish.get(3)?.();
  await lanes.stop();
  expect(log).toEqual(['+1', '+3', '-1', '+2', '-2', '-3']);
  expect(lanes.size).toBe(0);
});

test('prepares the next one of each lane, and no more', async () => {
  const { finish, lanes, prepared } = controlled();
  for (const seq of [1, 2, 3]) lanes.add('x', seq);
  lanes.add('y', 4);
  expect(prepared).toEqual([1, 2, 4]);
  for (const seq of [1, 2, 3, 4]) {
    finish.get(seq)?.();
    await Promise.resolve();
  }
  await lanes.stop();
  expect(prepared).toEqual([1, 2, 4, 3]);
});

test('stopped, finishes what is begun and begins nothing', async () => {
  const { log, finish, lanes } = controlled();
  lanes.add('x', 1);
  lanes.add('x', 2);
  const stopped = lanes.stop();
  lanes.add('y', 3);
  finish.get(1)?.();
  await stopped;
  expect(log).toEqual(['+1', '-1']);
});
