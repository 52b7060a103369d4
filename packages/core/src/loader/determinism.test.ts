import { describe, expect, it } from 'vitest';
import { assemble, bytes, FORMAT, type Program, program, start } from '../../test/loader/wat.ts';
import { AoLoader, type Instance } from './index.ts';

/** Looks at everything a host could let through: clock, random source, files, environment, time zone. */
const CURIOUS: Program = {
  memory: '4 40',
  imports: `(import "env" "emscripten_date_now" (func $now (result f64)))
    (import "env" "emscripten_get_now" (func $tick (result f64)))
    (import "env" "emscripten_resize_heap" (func $resize (param i32) (result i32)))
    (import "env" "_localtime_js" (func $localtime (param i32 i32 i32)))
    (import "env" "__syscall_openat" (func $open (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))`,
  fields: `(data (i32.const 512) "/dev/urandom\\00") (data (i32.const 540) "/tmp/log\\00")
    (data (i32.const 560) "\\00\\10\\00\\00\\20\\00\\00\\00")
    (func $log (param i32) (i32.store (i32.load (i32.const 3000)) (local.get 0))
      (i32.store (i32.const 3000) (i32.add (i32.const 4) (i32.load (i32.const 3000)))))`,
  body: `(if (i32.eqz (i32.load (i32.const 3000))) (then (i32.store (i32.const 3000) (i32.const 131072))))
    (call $log (i32.trunc_f64_s (call $now))) (call $log (i32.trunc_f64_s (call $tick)))
    (call $localtime (i32.const 1700000000) (i32.const 0) (i32.const 3200))
    (call $log (call $open (i32.const -100) (i32.const 512) (i32.const 0) (i32.const 0)))
    (call $log (call $read (i32.const 3) (i32.const 560) (i32.const 1) (i32.const 3100)))
    (call $log (i32.load (i32.const 4096)))
    (call $log (call $open (i32.const -100) (i32.const 540) (i32.const 194) (i32.const 0)))
    (call $log (call $write (i32.const 4) (i32.const 560) (i32.const 1) (i32.const 3100)))
    (call $log (call $environ (i32.const 3104) (i32.const 3108)))
    (call $log (local.get $message)) (call $log (local.get $environment))
    (call $log (call $resize (i32.add (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))))`,
};
const MESSAGES = Array.from({ length: 4 }, (_, index) => JSON.stringify({ Id: 'x'.repeat(index * 7) }));

const disturb = () => Date.now() + Math.random() + performance.now();

describe('determinism', () => {
  it.each([FORMAT.v4, FORMAT.metered])(
    'two programs side by side do what one does alone (%s)',
    async (format) => {
      const alone = await start(CURIOUS, format);
      for (const message of MESSAGES) alone.handle(message, '{}');

      const [one, two] = await Promise.all([start(CURIOUS, format), start(CURIOUS, format)]);
      for (const message of MESSAGES) {
        for (const instance of [one, two] as Instance[]) {
          disturb();
          instance.handle(message, '{}');
        }
      }
      expect(Buffer.compare(bytes(one), bytes(alone))).toBe(0);
      expect(Buffer.compare(bytes(two), bytes(alone))).toBe(0);
      expect(bytes(alone).length).toBeGreaterThan(4 * 65_536);
    },
  );

  it('a program restored before every message does what a resident one does', async () => {
    const resident = await start(CURIOUS);
    let snapshot = resident.snapshot();
    for (const message of MESSAGES) {
      resident.handle(message, '{}');
      const restored = await start(CURIOUS);
      restored.restore(snapshot);
      restored.handle(message, '{}');
      expect(Buffer.compare(bytes(restored), bytes(resident))).toBe(0);
      snapshot = resident.snapshot(snapshot);
    }
  });

  it('changes nothing global', async () => {
    const globals = () => [
      Math.random,
      Date,
      Date.now,
      console.log,
      performance.now,
      process.hrtime,
      ...Object.values(Object.getOwnPropertyDescriptors(Reflect.get(globalThis, 'WebAssembly'))).map(
        ({ value }) => value,
      ),
    ];
    const listeners = () => process.eventNames().map((name) => process.listenerCount(name));
    const before = [globals(), listeners(), process.stdin.listenerCount('data')];
    const handle = await AoLoader(await assemble(program({ body: '(unreachable)' })), { format: FORMAT.v4 });
    await expect(handle(null, {}, {})).rejects.toThrow('unreachable');
    (await start(CURIOUS)).handle('{}', '{}');
    expect([globals(), listeners(), process.stdin.listenerCount('data')]).toEqual(before);
    expect(Math.random()).not.toBe(Math.random());
  });
});
