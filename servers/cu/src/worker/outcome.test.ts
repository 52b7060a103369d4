import { AoError } from '@ao-ts/core';
import { describe, expect, test } from 'vitest';
import { failure, readOutcome } from './outcome.ts';

const read = (response: unknown, ok = true) => {
  const { body, ...rest } = readOutcome(JSON.stringify({ ok, response }), 7);
  return { ...rest, result: JSON.parse(body), keys: Object.keys(JSON.parse(body)) };
};

describe('a result', () => {
  test('has its keys in the known order, whatever the module wrote', () => {
    const { keys, kept, failed } = read({
      Error: 'e',
      Output: 'o',
      Spawns: [1],
      Messages: [2],
      Patches: [3],
    });
    expect(keys).toEqual(['Messages', 'Assignments', 'Spawns', 'Output', 'GasUsed', 'Error']);
    expect([failed, kept]).toEqual([true, false]);
  });

  test('is completed where the module left something out', () => {
    expect(read({}).result).toEqual({ Messages: [], Assignments: [], Spawns: [], Output: '', GasUsed: 7 });
    expect(read({ Output: 42 }).result.Output).toBe('42');
    expect(read({ Output: { data: 1 } }).result.Output).toEqual({ data: 1 });
  });

  test('with an Error still carries its messages', () => {
    expect(read({ Error: 'e', Messages: [{ a: 1 }] }).result.Messages).toEqual([{ a: 1 }]);
  });

  test.each([[''], [false], [null]])('an Error of %j is none', (value) => {
    expect(read({ Error: value }).kept).toBe(true);
  });

  test.each([
    ['x not enough memory for buffer allocation'],
    [{ data: { output: 'not enough memory for buffer allocation' } }],
  ])('that says it ran out of memory is not kept, but no failure', (output) => {
    expect(read({ Output: output })).toMatchObject({ failed: false, kept: false });
  });

  test.each([[{ data: 'not enough memory for buffer allocation' }], [{ data: null }], [true]])(
    'of %j is kept',
    (output) => {
      expect(read({ Output: output }).kept).toBe(true);
    },
  );

  test('of a failed call is the reason, without gas', () => {
    expect(read('why', false).result).toEqual({
      Messages: [],
      Assignments: [],
      Spawns: [],
      Output: '',
      Error: 'why',
    });
    expect(read({ code: 1 }, false).result.Error).toEqual({ code: 1 });
    expect(read(undefined, false).result.Error).toBeTruthy();
    expect(read('text').failed).toBe(true);
  });

  test('of a program that ended itself names the status', () => {
    const error = new AoError('EVAL.EXIT', 'Program terminated with exit(3)', {
      action: 'never',
      facts: { status: 3 },
    });
    expect(JSON.parse(failure(error).body).Error).toEqual({
      name: 'ExitStatus',
      message: 'Program terminated with exit(3)',
      status: 3,
    });
  });
});
