import { describe, expect, it } from 'vitest';
import { BareHost } from '../../test/loader/host.ts';
import { FORMAT } from '../../test/loader/wat.ts';
import { ERRNO } from './errno.ts';

describe('the surroundings of a program', () => {
  it('have no shell', () => {
    const host = new BareHost('new');
    expect(host.call('_emscripten_system', host.text('touch /tmp/owned'))).toBe(-ERRNO.ENOSYS);
    expect(host.call('_emscripten_system', 0)).toBe(0);
  });

  it('report the missing shell through errno in older formats', () => {
    const host = new BareHost('old', { exports: { __errno_location: () => 256 } });
    expect(host.call('system', host.text('id'))).toBe(-1);
    expect(host.memory.readU32(256)).toBe(ERRNO.ENOSYS);
    expect(host.call('system', 0)).toBe(0);
  });

  it('have a constant environment, or none', () => {
    const variables = (host: BareHost) => {
      host.call('environ_sizes_get', 256, 264);
      const count = host.memory.readPointer(256);
      host.call('environ_get', 512, 1024);
      return Array.from({ length: count }, (_, index) =>
        host.memory.string(host.memory.readPointer(512 + index * host.memory.pointerSize)),
      );
    };
    const third = new BareHost('new', { format: FORMAT.v3 });
    expect(variables(third)).toEqual([
      'USER=web_user',
      'LOGNAME=web_user',
      'PATH=/',
      'PWD=/',
      'HOME=/home/web_user',
      'LANG=C.UTF-8',
      '_=./this.program',
    ]);
    expect(third.memory.readPointer(264)).toBe(third.memory.readPointer(512 + 24) - 1024 + 17);
    expect(variables(new BareHost('wide'))).toEqual([]);
  });

  it.each(['abort', '_abort_js', '__assert_fail', '__cxa_throw', '_dlopen_js', '_dlsym_js'])(
    '%s ends the evaluation',
    (name) => {
      const host = new BareHost('new');
      expect(() => host.call(name, 0, 0, 0, 0)).toThrowError(expect.objectContaining({ code: 'EVAL.TRAP' }));
      expect(host.host.failure).toMatchObject({ code: 'EVAL.TRAP' });
    },
  );

  it('say which assertion failed', () => {
    const host = new BareHost('new');
    expect(() => host.call('__assert_fail', host.text('x > 0'), host.text('a.c'), 12, 0)).toThrowError(
      'assertion failed: x > 0 (a.c:12)',
    );
  });

  it('map no files and load no libraries', () => {
    const host = new BareHost('new');
    expect(host.call('_mmap_js', 1, 1, 1, 1, 1, 1)).toBe(-ERRNO.ENOSYS);
    expect(host.call('_munmap_js', 1, 1, 1, 1, 1, 1)).toBe(0);
  });

  it('count the gas a module reports itself', () => {
    const host = new BareHost('old');
    host.call('usegas', 600);
    host.call('usegas', 400);
    expect(host.call('metering_gasUsed')).toBe(1000);
    expect(() => host.call('usegas', 1)).toThrowError(expect.objectContaining({ code: 'EVAL.OUT_OF_GAS' }));
    host.host.reset();
    expect(host.call('metering_gasUsed')).toBe(0);
  });
});

describe('the heap', () => {
  const PAGE = 65_536;

  it('copies, also where the ranges overlap', () => {
    const host = new BareHost('new');
    host.memory.writeString(100, 'abcdef');
    for (const name of ['emscripten_memcpy_big', '_emscripten_memcpy_js', 'emscripten_memcpy_js']) {
      host.memory.writeString(100, 'abcdef');
      host.call(name, 102, 100, 4);
      expect(host.memory.string(100)).toBe('ababcd');
    }
  });

  it('grows by a fifth, or to what is asked for', () => {
    const host = new BareHost('new');
    expect(host.call('emscripten_resize_heap', 2 * PAGE + 1)).toBe(1);
    expect(host.memory.byteLength).toBe(3 * PAGE);
    expect(host.call('emscripten_resize_heap', 10 * PAGE)).toBe(1);
    expect(host.memory.byteLength).toBe(10 * PAGE);
    expect(host.call('emscripten_resize_heap', 10 * PAGE + 1)).toBe(1);
    expect(host.memory.byteLength).toBe(12 * PAGE);
  });

  it('grows to the limit and no further', () => {
    const host = new BareHost('new');
    expect(host.call('emscripten_resize_heap', 15 * PAGE)).toBe(1);
    expect(host.call('emscripten_resize_heap', 15 * PAGE + 1)).toBe(1);
    expect(host.memory.byteLength).toBe(16 * PAGE);
    expect(host.call('emscripten_resize_heap', 16 * PAGE + 1)).toBe(0);
    expect(host.call('emscripten_resize_heap', -1)).toBe(0);
    expect(host.call('emscripten_get_heap_max')).toBe(4_294_901_760);
  });
});
