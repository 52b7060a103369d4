import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import {
  assemble,
  FORMAT,
  OUTPUT,
  type Program,
  program,
  RESULT,
  results,
  start,
} from '../../test/loader/wat.ts';
import { compileModule, instantiate, METER_VERSION, meterModule } from './index.ts';

const { meterWASM } = createRequire(import.meta.url)('@permaweb/wasm-metering') as {
  meterWASM(binary: Uint8Array, options: { meterType: string }): Uint8Array;
};

const PROGRAMS: Record<string, Program> = {
  nothing: {},
  'straight code': {
    body: `(i32.store (i32.const ${RESULT}) (i32.mul (i32.const 6) (i32.add (i32.const 3) (i32.const 4))))
      (drop (i64.rem_u (i64.const 100) (i64.const 7))) (drop (i32.rotl (i32.const 1) (i32.const 2)))
      (drop (f64.div (f64.const 1) (f64.const 2))) (drop (f32.add (f32.const 1) (f32.const 2)))
      (drop (f64.lt (f64.const 1) (f64.const 2))) (drop (f64.eq (f64.const 1) (f64.const 2)))
      (drop (i32.popcnt (i32.shr_s (i32.const 9) (i32.const 1)))) (drop (i64.extend_i32_s (i32.const 1)))
      (drop (f32.sqrt (f32.const 4))) (drop (i32.eqz (i32.const 4))) (drop (i64.div_s (i64.const 9) (i64.const 2)))
      (drop (memory.size)) (nop)`,
  },
  loops: {
    fields: '(global $n (mut i32) (i32.const 0))',
    body: `(global.set $n (i32.const 0))
      (block $out (loop $again
        (br_if $out (i32.ge_u (global.get $n) (i32.const 1000)))
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (if (i32.and (global.get $n) (i32.const 1)) (then (br $again)) (else (nop)))
        (br $again)))
      (i32.store (i32.const ${RESULT}) (global.get $n))`,
  },
  branches: {
    fields: `(func $pick (param i32) (result i32)
      (block $c (block $b (block $a (br_table $a $b $c (local.get 0)))
        (return (i32.const 10))) (return (i32.const 20)))
      (select (i32.const 30) (i32.const 40) (local.get 0)))`,
    body: `(i32.store (i32.const ${RESULT}) (i32.add (call $pick (i32.const 0))
      (i32.add (call $pick (i32.const 1)) (call $pick (i32.const 2)))))`,
  },
  recursion: {
    fields: `(func $fib (param i32) (result i32) (local i64 f64)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2)))))))`,
    body: `(i32.store (i32.const ${RESULT}) (call $fib (i32.const 15)))`,
  },
  'indirect calls and growth': {
    fields: `(type $f (func (result i32))) (func $one (result i32) (i32.const 1))
      (elem (i32.const 1) $one)`,
    body: `(i32.store (i32.const ${RESULT}) (i32.add (memory.grow (i32.const 1)) (call_indirect (type $f) (i32.const 1))))`,
  },
  'imports and a start function': {
    imports: '(import "env" "emscripten_date_now" (func $now (result f64)))',
    fields: '(start $begin) (func $begin (i32.store (i32.const 2000) (i32.const 1)))',
    body: `(i32.store (i32.const ${RESULT}) (i32.trunc_f64_s (call $now)))`,
  },
};

describe('meterModule', () => {
  it.each(Object.entries(PROGRAMS))(
    'charges what the metering of the network charges: %s',
    async (_, source) => {
      const binary = await assemble(program(source));
      const reference = meterWASM(Buffer.from(binary), { meterType: 'i32' });
      const theirs = instantiate(await compileModule(reference, { format: FORMAT.v4 }));
      const ours = await start(source, FORMAT.metered);
      for (let round = 0; round < 2; round++) {
        expect(ours.handle('{"a":1}', '{}')).toBe(theirs.handle('{"a":1}', '{}'));
        expect(ours.gasUsed).toBe(theirs.gasUsed);
        expect(ours.gasUsed).toBeGreaterThan(0);
        expect(results(ours, 2)).toEqual(results(theirs, 2));
      }
    },
  );

  it.each([
    ['a loop', { body: '(loop $again (br $again))' }],
    ['a loop that catches everything', { body: '(loop $again (try (do (nop)) (catch_all)) (br $again))' }],
    [
      'recursion that catches everything',
      { fields: '(func $f (try (do (call $f)) (catch_all)) (call $f))', body: '(call $f)' },
    ],
    ['endless tail calls', { fields: '(func $f (return_call $f))', body: '(call $f)' }],
    ['a loop through a table of targets', { body: '(loop $a (loop $b (br_table $b $a (i32.const 1))))' }],
  ])('stops %s', async (_, source) => {
    const instance = await start(source, FORMAT.metered, { computeLimit: 1_000_000 });
    expect(() => instance.handle('{}', '{}')).toThrowError(
      expect.objectContaining({ code: 'EVAL.OUT_OF_GAS', message: 'out of gas!' }),
    );
    expect(instance.poisoned).toBe(true);
    expect(instance.gasUsed).toBeGreaterThan(1_000_000);
  });

  it('lets a message use all of its gas, but no more', async () => {
    const used = await start(PROGRAMS.loops ?? {}, FORMAT.metered).then((instance) => {
      instance.handle('{}', '{}');
      return instance.gasUsed;
    });
    const enough = await start(PROGRAMS.loops ?? {}, FORMAT.metered, { computeLimit: used });
    for (let round = 0; round < 3; round++) expect(enough.handle('{}', '{}')).toBe(OUTPUT);
    const short = await start(PROGRAMS.loops ?? {}, FORMAT.metered, { computeLimit: used - 1 });
    expect(() => short.handle('{}', '{}')).toThrowError(expect.objectContaining({ code: 'EVAL.OUT_OF_GAS' }));
  });

  it('reports any failure after the gas is used up as out of gas', async () => {
    const instance = await start({ body: '(unreachable)' }, FORMAT.metered, { computeLimit: 10 });
    expect(() => instance.handle('{}', '{}')).toThrowError(
      expect.objectContaining({ code: 'EVAL.OUT_OF_GAS' }),
    );
  });

  it('meters 64-bit modules, and newer instructions', async () => {
    const instance = await start(
      {
        wide: true,
        fields: `(tag $e (param i32)) (func $tail (param i32) (result i32) (local.get 0))
          (func $jump (param i32) (result i32) (return_call $tail (local.get 0)))`,
        body: `(memory.fill (i64.const 2000) (i32.const 7) (i64.const 8))
          (memory.copy (i64.const 3000) (i64.const 2000) (i64.const 8))
          (drop (i32.trunc_sat_f64_s (f64.const 1e99)))
          (drop (i32x4.extract_lane 1 (v128.const i32x4 1 2 3 4)))
          (drop (v128.load (i64.const 2000)))
          (drop (i32.atomic.rmw.add (i64.const 2000) (i32.const 1)))
          (drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 0)))
          (drop (ref.is_null (ref.null func)))
          (i32.store (i64.const ${RESULT}) (try (result i32)
            (do (throw $e (call $jump (i32.const 5))))
            (catch $e)))`,
      },
      FORMAT.metered64,
    );
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(results(instance, 1)).toEqual([5]);
    expect(instance.gasUsed).toBeGreaterThan(0);
  });

  it('leaves modules alone that were metered before they were published', async () => {
    const source = {
      imports: '(import "metering" "usegas" (func $use (param i32)))',
      body: '(call $use (i32.const 77))',
    };
    const instance = await start(source, FORMAT.v4, { computeLimit: 77 });
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(instance.gasUsed).toBe(77);
    await expect(start(source, FORMAT.metered)).rejects.toMatchObject({ code: 'LOADER.FORMAT' });
    const short = await start(source, FORMAT.v4, { computeLimit: 76 });
    expect(() => short.handle('{}', '{}')).toThrowError(expect.objectContaining({ code: 'EVAL.OUT_OF_GAS' }));
  });

  it('is pure, so its output can be kept and compiled as it is', async () => {
    const binary = await assemble(program(PROGRAMS.loops ?? {}));
    const metered = meterModule(binary);
    expect(meterModule(binary)).toEqual(metered);
    const options = { format: FORMAT.metered };
    const kept = instantiate(await compileModule(metered, { ...options, metered: true }));
    const fresh = instantiate(await compileModule(binary, options));
    for (const instance of [kept, fresh, kept]) instance.handle('{}', '{}');
    expect(kept.gasUsed).toBe(fresh.gasUsed);
  });

  it('can not be taken over by a module that exports the names of its counters', async () => {
    const source = { fields: '(global (export "ao:gas-used") (mut i64) (i64.const 0))' };
    await expect(start(source, FORMAT.metered)).rejects.toMatchObject({ code: 'LOADER.NOT_WASM' });
    const unmetered = await start(source, FORMAT.v4);
    unmetered.handle('{}', '{}');
    expect(unmetered.gasUsed).toBe(0);
  });

  it('has a new version whenever its output changes', async () => {
    const metered = meterModule(await assemble(program(PROGRAMS.recursion ?? {})));
    expect([METER_VERSION, createHash('sha256').update(metered).digest('hex')]).toEqual([
      1,
      '6c4a95b497db476d84bebaa14f25812152316e115a79a1cb605af88d9e0c9dee',
    ]);
  });
});
