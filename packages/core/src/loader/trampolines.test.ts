import { describe, expect, it } from 'vitest';
import { FORMAT, OUTPUT, RESULT, results, STACK_TOP, start } from '../../test/loader/wat.ts';

const jumping = (wide: boolean, target: string) => {
  const p = wide ? 'i64' : 'i32';
  const invoke = wide ? 'invoke_vjj' : 'invoke_vii';
  return {
    wide,
    imports: `(import "env" "${invoke}" (func $invoke (param ${p} ${p} ${p})))
      (import "env" "_emscripten_throw_longjmp" (func $longjmp))`,
    fields: `(type $body (func (param ${p} ${p})))
      (func $add (param ${p} ${p}) (i32.store (${p}.const ${RESULT})
        ${wide ? '(i32.wrap_i64 (i64.add (local.get 0) (local.get 1)))' : '(i32.add (local.get 0) (local.get 1))'}))
      (func $jump (param ${p} ${p}) (global.set $sp (${p}.const 20000)) (call $longjmp))
      (func $nested (param ${p} ${p}) (call $invoke (${p}.const 2) (${p}.const 0) (${p}.const 0)))
      (func $crash (param ${p} ${p}) (unreachable))
      (elem (i32.const 1) $add $jump $nested $crash)`,
    body: `(call $invoke (${p}.const ${target}) (${p}.const 30) (${p}.const 12))
      (${p}.store (${p}.const ${RESULT + 8}) (global.get $sp))`,
  };
};

describe.each([false, true])('invoke_* (64-bit pointers: %s)', (wide) => {
  it('calls through the table', async () => {
    const instance = await start(jumping(wide, '1'));
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(results(instance, 1)).toEqual([42]);
  });

  it.each(['2', '3'])('comes back from a longjmp, stack and all (function %s)', async (target) => {
    const instance = await start(jumping(wide, target));
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(results(instance, 3)).toEqual([0, 0, STACK_TOP - 32]);
    // setThrew(1, 0) was called.
    expect(new DataView(instance.memory.buffer).getInt32(RESULT + 512, true)).toBe(1);
  });

  it.each(['4', '7', '4294967295', '-1'])('lets other failures through (function %s)', async (target) => {
    const instance = await start(jumping(wide, target));
    expect(() => instance.handle('{}', '{}')).toThrowError(expect.objectContaining({ code: 'EVAL.TRAP' }));
  });
});

describe('longjmp', () => {
  it('past the first setjmp fails the evaluation', async () => {
    const instance = await start({
      imports: '(import "env" "_emscripten_throw_longjmp" (func $longjmp))',
      body: '(call $longjmp)',
    });
    expect(() => instance.handle('{}', '{}')).toThrowError(
      expect.objectContaining({ code: 'EVAL.TRAP', message: 'longjmp without a matching setjmp' }),
    );
  });

  it('uses the dynCall export of a signature where there is one', async () => {
    const instance = await start({
      ...jumping(false, '5'),
      fields: `${jumping(false, '5').fields}
        (func (export "dynCall_vii") (param i32 i32 i32) (i32.store (i32.const ${RESULT}) (local.get 0)))`,
    });
    instance.handle('{}', '{}');
    expect(results(instance, 1)).toEqual([5]);
  });
});

describe('the high half of 64-bit results', () => {
  it('is kept between the imports of older modules, and for one message only', async () => {
    const instance = await start(
      {
        imports: `(import "env" "setTempRet0" (func $set (param i32)))
          (import "env" "getTempRet0" (func $get (result i32)))`,
        body: `(i32.store (i32.const ${RESULT}) (call $get)) (call $set (i32.const 9))
          (i32.store (i32.const ${RESULT + 4}) (call $get))`,
      },
      FORMAT.v2,
    );
    for (let round = 0; round < 2; round++) {
      instance.handle('{}', '{}');
      expect(results(instance, 2)).toEqual([0, 9]);
    }
  });
});
