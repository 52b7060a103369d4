import { describe, expect, it } from 'vitest';
import { BareHost } from '../../test/loader/host.ts';
import { OUTPUT, RESULT, results, start } from '../../test/loader/wat.ts';
import { AoError } from '../errors.ts';
import type { Drive } from './index.ts';

const library = (files: Record<string, string>): Drive & { closed: number[] } => {
  const open: { text: string; position: number }[] = [];
  const closed: number[] = [];
  return {
    closed,
    open: (path, mode) => {
      const text = files[path];
      if (text === undefined || mode !== 'r') return 0;
      return open.push({ text, position: 0 });
    },
    read: (file, length) => {
      const entry = open[file - 1];
      if (!entry) return new Uint8Array(0);
      const chunk = entry.text.slice(entry.position, entry.position + length);
      entry.position += chunk.length;
      return Buffer.from(chunk);
    },
    close: (file) => closed.push(file),
  };
};
const reading = (wide: boolean) => {
  const p = wide ? 'i64' : 'i32';
  return {
    wide,
    imports: `(import "env" "__asyncjs__weavedrive_open" (func $open (param ${p} ${p}) (result i32)))
      (import "env" "__asyncjs__weavedrive_read" (func $read (param i32 ${p} ${p}) (result i32)))
      (import "env" "__asyncjs__weavedrive_close" (func $close (param i32) (result i32)))`,
    fields: `(data (${p}.const 512) "/data/abc\\00") (data (${p}.const 540) "r\\00")
      (global $file (mut i32) (i32.const 0))`,
    body: `(global.set $file (call $open (${p}.const 512) (${p}.const 540)))
      (i32.store (${p}.const ${RESULT}) (global.get $file))
      (i32.store (${p}.const ${RESULT + 4}) (call $read (global.get $file) (${p}.const ${RESULT + 16}) (${p}.const 6)))
      (drop (call $close (global.get $file)))`,
  };
};

describe.each([false, true])('WeaveDrive (64-bit pointers: %s)', (wide) => {
  it('opens, reads and closes', async () => {
    const drive = library({ '/data/abc': 'permanent' });
    const instance = await start(reading(wide), undefined, { drive });
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(results(instance, 2)).toEqual([1, 6]);
    expect(Buffer.from(instance.memory.buffer, RESULT + 16, 6).toString()).toBe('perman');
    expect(drive.closed).toEqual([1]);
  });

  it('finds no files without a drive', async () => {
    const instance = await start(reading(wide));
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(results(instance, 2)).toEqual([0, 0]);
  });

  it('fails the evaluation if the drive refuses, and tells why', async () => {
    const refusing = (error: Error): Drive => ({
      ...library({}),
      open: () => {
        throw error;
      },
    });
    const plain = await start(reading(wide), undefined, { drive: refusing(new Error('no attestation')) });
    expect(() => plain.handle('{}', '{}')).toThrowError(
      expect.objectContaining({
        code: 'EVAL.DRIVE',
        action: 'retry',
        message: 'WeaveDrive could not serve /data/abc: no attestation',
      }),
    );
    expect(plain.poisoned).toBe(true);
    const final = new AoError('EVAL.DRIVE', 'Library is not supported', { action: 'never' });
    const typed = await start(reading(wide), undefined, { drive: refusing(final) });
    expect(() => typed.handle('{}', '{}')).toThrowError(final);
  });
});

describe('WeaveDrive', () => {
  it('never writes more than the program asked for, or outside of its memory', () => {
    const drive = { ...library({ '/x': 'y' }), read: () => Buffer.from('much more than wanted') };
    const host = new BareHost('new', { drive });
    expect(host.call('__asyncjs__weavedrive_read', 1, 256, 4)).toBe(4);
    expect(host.memory.string(256)).toBe('much');
    for (const [address, length] of [
      [131_070, 8],
      [-8, 4],
      [0, -1],
    ] as const) {
      expect(() => host.call('__asyncjs__weavedrive_read', 1, address, length)).toThrowError(
        expect.objectContaining({ code: 'EVAL.TRAP' }),
      );
    }
  });
});
