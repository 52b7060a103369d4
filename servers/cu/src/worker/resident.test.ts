import { compileModule, instantiate, markWrites, type Snapshot } from '@ao-ts/core/loader';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COUNTER_FORMAT, counterModule } from '../../test/support/counter-module.ts';
import type { Outcome } from './outcome.ts';
import { Resident, type ResidentSpec } from './resident.ts';
import { applyChange } from './snapshot-change.ts';

const binary = await counterModule();
const compiled = await compileModule(markWrites(binary), { format: COUNTER_FORMAT });
const plain = await compileModule(binary, { format: COUNTER_FORMAT });
const ENVIRONMENT = '{}';

const spec: ResidentSpec = {
  moduleId: 'counter',
  compiled,
  memoryLimit: 4 * 1024 * 1024,
  computeLimit: 9e12,
  drive: false,
  environment: ENVIRONMENT,
  snapshot: undefined,
  journal: [],
  step: 0,
};
const booted = new Map<string, Snapshot>();
const silent = { booted, alive() {}, snapshot() {} };

/** The definition the resident instance has to live up to: previous memory into a fresh instance, one call. */
function evaluateAfresh(previous: Uint8Array | undefined, message: string): Uint8Array | undefined {
  const instance = instantiate(plain, { memoryLimit: spec.memoryLimit });
  if (previous) {
    instance.grow(previous.length);
    new Uint8Array(instance.memory.buffer).set(previous);
  }
  try {
    const { ok, response } = JSON.parse(instance.handle(message, ENVIRONMENT));
    if (ok && !response.Error) return new Uint8Array(instance.memory.buffer.slice(0));
  } catch {
    // A trap: nothing is kept.
  }
  return previous;
}

const emptyMemory = new Uint8Array(instantiate(plain).memory.buffer.slice(0));
const command = fc.constantFrom('a', 'm', 'e', 'x', 't', 'g', 'h', 'd', 'w', 'r');
const event = fc.record({
  kind: fc.constantFrom('apply', 'apply', 'apply', 'peek', 'snapshot', 'revive'),
  command,
});

describe('a resident process', () => {
  test('has, after any sequence of messages, the memory that fresh instances would have had', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let snapshot: ResidentSpec['snapshot'];
        let journal: string[] = [];
        const reports = {
          booted,
          alive() {},
          snapshot(_step: number, change: Parameters<typeof applyChange>[1]) {
            snapshot = applyChange(snapshot, change);
            journal = [];
          },
        };
        let resident = new Resident(spec, reports);
        let expected: Uint8Array | undefined;
        let step = 0;
        for (const { kind, command } of events) {
          const message = `!${command}`;
          if (kind === 'peek') resident.peek(message);
          else if (kind === 'snapshot') resident.snapshot();
          else if (kind === 'revive') resident = new Resident({ ...spec, snapshot, journal, step }, reports);
          else {
            if (resident.apply(++step, message).kept) journal.push(message);
            expected = evaluateAfresh(expected, message);
          }
          expect(Buffer.compare(resident.memory(), expected ?? emptyMemory)).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('answers a failure before it rolls back, and the next message sees none of it', () => {
    const resident = new Resident(spec, silent);
    const outcomes = ['!a', '!e', '!t', '!x', '!h', '!a'].map((message, index) =>
      resident.apply(index + 1, message),
    );
    expect(outcomes.map(({ failed, kept }: Outcome) => [failed, kept])).toEqual([
      [false, true],
      [true, false],
      [true, false],
      [true, false],
      [true, false],
      [false, true],
    ]);
    expect(JSON.parse(outcomes.at(-1)?.body ?? '').Output).toBe('00000002');
  });

  test('refuses a message whose predecessor is missing', () => {
    const resident = new Resident(spec, silent);
    resident.apply(1, '!a');
    expect(() => resident.apply(3, '!a')).toThrow('can not follow');
    expect(() => resident.apply(1, '!a')).toThrow('can not follow');
  });

  test('a burst of failures repeats nothing', () => {
    let repeated = 0;
    const resident = new Resident(spec, { booted, alive: () => repeated++, snapshot() {} });
    let step = 0;
    for (let count = 0; count < 200; count++) resident.apply(++step, '!a');
    for (let count = 0; count < 200; count++) resident.apply(++step, '!e');
    expect(repeated).toBe(0);
    expect(JSON.parse(resident.apply(++step, '!r').body).Output).toBe('00000200');
  });

  test('a memory may not grow beyond its limit', () => {
    const resident = new Resident({ ...spec, memoryLimit: 3 * 65_536 }, silent);
    expect(resident.apply(1, '!g').failed).toBe(false);
    const { failed, kept, body } = resident.apply(2, '!g');
    expect([failed, kept]).toEqual([true, false]);
    expect(JSON.parse(body).Error).toContain('memory');
    expect(resident.memory().length).toBe(3 * 65_536);
  });
});
