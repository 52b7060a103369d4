import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

test('lets a number in per key, the others in order, whether tasks succeed or fail', async () => {
  const gate = new Gate(2);
  const started: string[] = [];
  const finish = new Map<string, (error?: Error) => void>();
  const run = (key: string, name: string) =>
    gate.run(key, () => {
      started.push(name);
      return new Promise<void>((resolve, reject) => {
        finish.set(name, (error) => (error ? reject(error) : resolve()));
      });
    });
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => run('one', name));
  const other = run('two', 'other');
  expect(started).toEqual(['a', 'b', 'other']);

  finish.get('b')?.(new Error('broken'));
  await expect(b).rejects.toThrow('broken');
  expect(started).toEqual(['a', 'b', 'other', 'c']);
  finish.get('a')?.();
  finish.get('c')?.();
  await Promise.all([a, c]);
  expect(started.at(-1)).toBe('d');
  finish.get('d')?.();
  finish.get('other')?.();
  await Promise.all([d, other]);

  const [e] = [run('one', 'e')];
  expect(started.at(-1)).toBe('e');
  finish.get('e')?.();
  await e;
});
