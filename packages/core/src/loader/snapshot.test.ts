import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, start } from '../../test/loader/wat.ts';
import { decodeSnapshot, encodeSnapshot, SNAPSHOT_PAGE, snapshotToMemory, takeSnapshot } from './index.ts';
import { applySnapshot } from './snapshot.ts';

const SIZE = 8 * SNAPSHOT_PAGE;

/** A few writes anywhere in an otherwise empty memory. */
const writes = fc.array(fc.tuple(fc.nat(SIZE - 1), fc.uint8Array({ minLength: 1, maxLength: 40 })), {
  maxLength: 6,
});
const written = (list: [number, Uint8Array][], base = new Uint8Array(SIZE)) => {
  const memory = base.slice();
  for (const [offset, data] of list) memory.set(data.subarray(0, SIZE - offset), offset);
  return memory;
};

describe('snapshots', () => {
  it('give back every byte', () => {
    fc.assert(
      fc.property(writes, writes, writes, (first, second, third) => {
        const one = takeSnapshot(written(first));
        const memory = written(second, written(first));
        const two = takeSnapshot(memory, one);
        const target = written(third);
        applySnapshot(target, two);
        const decoded = decodeSnapshot(encodeSnapshot(two));
        for (const restored of [snapshotToMemory(two), target, snapshotToMemory(decoded)]) {
          expect(Buffer.compare(restored, memory)).toBe(0);
        }
        expect(Buffer.compare(snapshotToMemory(one), written(first))).toBe(0);
      }),
    );
  });

  it('hold no empty pages and share those that did not change', () => {
    const memory = written([
      [5, Uint8Array.of(1)],
      [3 * SNAPSHOT_PAGE, Uint8Array.of(2)],
    ]);
    const first = takeSnapshot(memory);
    expect([...first.pages.keys()]).toEqual([0, 3]);
    memory[3 * SNAPSHOT_PAGE] = 9;
    const second = takeSnapshot(memory, first);
    expect(second.pages.get(0)).toBe(first.pages.get(0));
    expect(second.pages.get(3)).not.toBe(first.pages.get(3));
    expect(first.pages.get(3)?.[0]).toBe(2);
  });

  it('do not need a size of whole pages', () => {
    const memory = new Uint8Array(SNAPSHOT_PAGE + 10).fill(3);
    const snapshot = decodeSnapshot(encodeSnapshot(takeSnapshot(memory)));
    expect(snapshotToMemory(snapshot)).toEqual(memory);
    const longer = takeSnapshot(new Uint8Array(2 * SNAPSHOT_PAGE).fill(3), snapshot);
    expect(longer.pages.get(1)?.length).toBe(SNAPSHOT_PAGE);
  });

  it('restore into another instance, larger than it started', async () => {
    const source = { memory: '2 10', body: '(i32.store8 (i32.const 100000) (i32.const 5))' };
    const first = await start(source);
    first.handle('{}', '{}');
    first.grow(7 * 65_536);
    const second = await start(source);
    second.restore(decodeSnapshot(encodeSnapshot(first.snapshot())));
    expect(Buffer.compare(bytes(second), bytes(first))).toBe(0);
  });

  it('restore faster into a new instance when it is known how those start', async () => {
    const source = { memory: '2 10', body: '(i32.store8 (i32.const 100000) (i32.const 5))' };
    const booted = (await start(source)).snapshot();
    const first = await start(source);
    first.handle('{}', '{}');
    const second = await start(source);
    second.restore(first.snapshot(), booted);
    expect(Buffer.compare(bytes(second), bytes(first))).toBe(0);
    // Back again: what the message wrote must go.
    const third = await start(source);
    third.restore(booted, first.snapshot());
    expect(third.snapshot().pages).toEqual(booted.pages);
  });

  it('are refused by a memory of another size', () => {
    expect(() => applySnapshot(new Uint8Array(10), takeSnapshot(new Uint8Array(20)))).toThrowError(
      expect.objectContaining({ code: 'LOADER.RESTORE' }),
    );
  });

  it('are refused if damaged', () => {
    const encoded = encodeSnapshot(
      takeSnapshot(
        written([
          [5, Uint8Array.of(1)],
          [SIZE - 1, Uint8Array.of(2)],
        ]),
      ),
    );
    const refused = expect.objectContaining({ code: 'LOADER.RESTORE' });
    for (const length of [0, 7, 20, 30, encoded.length - 1]) {
      expect(() => decodeSnapshot(encoded.subarray(0, length))).toThrowError(refused);
    }
    expect(() => decodeSnapshot(Buffer.concat([encoded, Buffer.from('x')]))).toThrowError(refused);
    for (let offset = 8; offset < 32; offset++) {
      const damaged = encoded.slice();
      damaged[offset] = 0xff;
      const attempt = () => decodeSnapshot(damaged);
      if (offset < 16) expect(attempt().byteLength).not.toBe(SIZE);
      else expect(attempt).toThrowError(refused);
    }
  });
});
