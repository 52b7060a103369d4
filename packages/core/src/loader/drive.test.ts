import { describe, expect, it } from 'vitest';
import { BareHost } from '../../test/loader/host.ts';
import { OUTPUT, RESULT, results, start } from '../../test/loader/wat.ts';
import { AoError } from '../errors.ts';
import { ERRNO } from './errno.ts';
import type { Drive } from './index.ts';

const library = (files: Record<string, string>): Drive => ({
  open: (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
});
const FILES = { '/data/abc': 'permanent' };

/** How modules import `fd_seek`: a 64-bit offset in two halves, or whole. */
const SEEKS = [
  { pointers: 'i32', offset: 'i32 i32', at: (n: number) => `(i32.const ${n}) (i32.const ${n < 0 ? -1 : 0})` },
  { pointers: 'i32', offset: 'i64', at: (n: number) => `(i64.const ${n})` },
  { pointers: 'i64', offset: 'i64', at: (n: number) => `(i64.const ${n})` },
];

/** Opens `/data/abc`, does what `body` says and closes it. */
const reading = ({ pointers: p, offset }: { pointers: string; offset: string }, body: string) => ({
  wide: p === 'i64',
  imports: `(import "env" "__asyncjs__weavedrive_open" (func $open (param ${p} ${p}) (result i32)))
    (import "env" "__asyncjs__weavedrive_read" (func $read (param i32 ${p} ${p}) (result i32)))
    (import "env" "__asyncjs__weavedrive_close" (func $close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 ${offset} i32 ${p}) (result i32)))`,
  fields: `(data (${p}.const 512) "/data/abc\\00") (data (${p}.const 540) "r\\00")
    (global $file (mut i32) (i32.const 0))`,
  body: `(global.set $file (call $open (${p}.const 512) (${p}.const 540)))
    (i32.store (${p}.const ${RESULT}) (global.get $file))
    ${body}
    (drop (call $close (global.get $file)))`,
});

describe.each(SEEKS)('WeaveDrive ($pointers pointers, $offset offsets)', (abi) => {
  const p = abi.pointers;
  const keep = (index: number, value: string) => `(i32.store (${p}.const ${RESULT + index * 4}) ${value})`;
  const read = (address: string, length: string) => `(call $read (global.get $file) ${address} ${length})`;
  const seek = (offset: number, whence: number, result = RESULT + 64) =>
    `(call $seek (global.get $file) ${abi.at(offset)} (i32.const ${whence}) (${p}.const ${result}))`;
  const BUFFER = RESULT + 128;
  const buffer = `(${p}.const ${BUFFER})`;

  it('opens, reads and closes', async () => {
    const source = reading(abi, keep(1, read(buffer, `(${p}.const 6)`)));
    const instance = await start(source, undefined, { drive: library(FILES) });
    for (let message = 0; message < 3; message++) {
      expect(instance.handle('{}', '{}')).toBe(OUTPUT);
      expect(results(instance, 2)).toEqual([3, 6]);
    }
    expect(Buffer.from(instance.memory.buffer, BUFFER, 6).toString()).toBe('perman');
  });

  it('tells the size to a program that seeks to the end and reads that much', async () => {
    const size = `(${p}.load (${p}.const ${RESULT + 64}))`;
    const source = reading(abi, `${keep(1, seek(0, 2))} ${keep(2, read(buffer, size))}`);
    const instance = await start(source, undefined, { drive: library(FILES) });
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(results(instance, 3)).toEqual([3, 0, 9]);
    expect(Buffer.from(instance.memory.buffer, BUFFER, 9).toString()).toBe('permanent');
  });

  it('seeks from the start, the position and the end', async () => {
    const seeks = [seek(3, 0), seek(1, 1, RESULT + 72), seek(-2, 2, RESULT + 80), seek(-10, 2), seek(0, 9)];
    const body = seeks.map((call, index) => keep(index + 1, call)).join('\n');
    const instance = await start(
      reading(abi, `${body} ${keep(6, read(buffer, `(${p}.const 9)`))}`),
      undefined,
      {
        drive: library(FILES),
      },
    );
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(results(instance, 7)).toEqual([3, 0, 0, 0, ERRNO.EINVAL, ERRNO.EINVAL, 2]);
    expect(results(instance, 22).slice(16)).toEqual([3, 0, 4, 0, 7, 0]);
    expect(Buffer.from(instance.memory.buffer, BUFFER, 2).toString()).toBe('nt');
  });

  it('knows no file that was closed, or that no file is', async () => {
    const closed = reading(
      abi,
      `${keep(1, '(call $fd_close (global.get $file))')} ${keep(2, seek(0, 2))}
      ${keep(3, read(buffer, `(${p}.const 9)`))} ${keep(4, '(call $fd_close (global.get $file))')}
      (global.set $file (i32.const -1)) ${keep(5, seek(0, 2))} ${keep(6, read(buffer, `(${p}.const 9)`))}`,
    );
    const instance = await start(closed, undefined, { drive: library(FILES) });
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(results(instance, 7)).toEqual([3, 0, ERRNO.EBADF, 0, ERRNO.EBADF, ERRNO.EBADF, 0]);
  });

  it('finds no files without a drive', async () => {
    const instance = await start(reading(abi, keep(1, read(buffer, `(${p}.const 6)`))));
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(results(instance, 2)).toEqual([0, 0]);
  });

  it('fails the evaluation if the drive refuses, and tells why', async () => {
    const refusing = (error: Error): Drive => ({
      open: () => {
        throw error;
      },
    });
    const plain = await start(reading(abi, ''), undefined, { drive: refusing(new Error('no attestation')) });
    expect(() => plain.handle('{}', '{}')).toThrowError(
      expect.objectContaining({
        code: 'EVAL.DRIVE',
        action: 'retry',
        message: 'WeaveDrive could not serve /data/abc: no attestation',
      }),
    );
    expect(plain.poisoned).toBe(true);
    const final = new AoError('EVAL.DRIVE', 'Library is not supported', { action: 'never' });
    const typed = await start(reading(abi, ''), undefined, { drive: refusing(final) });
    expect(() => typed.handle('{}', '{}')).toThrowError(final);
  });
});

describe('WeaveDrive', () => {
  const hostWith = (drive: Drive) => new BareHost('new', { drive });
  const open = (host: BareHost, path: string) =>
    host.call('__asyncjs__weavedrive_open', host.text(path), host.text('r'));

  it('never writes more than the program asked for, or outside of its memory', () => {
    const host = hostWith(library({ '/x': 'much more than wanted' }));
    const file = open(host, '/x');
    expect(host.call('__asyncjs__weavedrive_read', file, 256, 4)).toBe(4);
    expect(host.memory.string(256)).toBe('much');
    for (const [address, length] of [
      [131_070, 8],
      [-8, 4],
      [0, -1],
    ] as const) {
      expect(() => host.call('__asyncjs__weavedrive_read', file, address, length)).toThrowError(
        expect.objectContaining({ code: 'EVAL.TRAP' }),
      );
    }
  });

  it('gives open files like others, which can not be written', () => {
    const host = hostWith(library({ '/x': 'one\ntwo' }));
    const file = open(host, '/x');
    expect(host.read(file, 4)).toBe('one\n');
    expect(host.read(file, 9)).toBe('two');
    expect(host.read(file, 9)).toBe('');
    expect(host.write(file, 'text')).toBe(ERRNO.EBADF);
    expect(host.call('__syscall_fstat64', file, host.room(128))).toBe(0);
  });

  it('keeps apart files opened at the same time, of the drive or not', () => {
    const host = hostWith(library({ '/x': 'x', '/y': 'y' }));
    const numbers = [open(host, '/x'), host.open('/tmp/a', 64 | 2), open(host, '/y'), open(host, '/x')];
    expect(numbers).toEqual([3, 4, 5, 6]);
    expect(numbers.map((number) => host.read(number, 9))).toEqual(['x', '', 'y', 'x']);
  });

  it('never gives the number that says that there is no file', () => {
    const host = hostWith(library({ '/x': 'x' }));
    host.call('fd_close', 0);
    expect(open(host, '/x')).toBe(3);
  });

  it('opens no more files than there are descriptors and room, until others are closed', () => {
    const large = new Uint8Array(300 * 1024 * 1024);
    const host = hostWith({ open: (path) => (path === '/large' ? large : new Uint8Array(1)) });
    const file = open(host, '/large');
    expect(file).toBe(3);
    expect(open(host, '/small')).toBe(0);
    expect(host.call('__asyncjs__weavedrive_close', file)).toBe(0);
    const path = host.text('/small');
    const numbers = Array.from({ length: 4100 }, () => host.call('__asyncjs__weavedrive_open', path, path));
    expect(numbers.indexOf(0)).toBe(4093);
  });
});
