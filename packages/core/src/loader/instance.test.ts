import { describe, expect, it } from 'vitest';
import { bytes, FORMAT, OUTPUT, RESULT, results, STACK_TOP, start, view } from '../../test/loader/wat.ts';
import { parseOutput } from './index.ts';

const store = (offset: number, value: string) => `(i32.store (i32.const ${RESULT + offset}) ${value})`;
const keepArguments = store(0, '(local.get $message)') + store(4, '(local.get $environment)');
const text = (instance: { memory: { buffer: ArrayBuffer } }, address: number) => {
  const memory = Buffer.from(instance.memory.buffer);
  return memory.toString('utf8', address, memory.indexOf(0, address));
};

describe('Instance.handle', () => {
  it('returns the text of the module', async () => {
    const instance = await start({});
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(parseOutput(OUTPUT)).toEqual({ ok: true, response: { Output: 'done' } });
  });

  it('puts the message and then the environment on the stack, each with its NUL', async () => {
    const instance = await start({ body: keepArguments });
    for (const message of ['{"a":"é€𝒳"}', Buffer.from('{"a":"é€𝒳"}')]) {
      instance.handle(message, '{"b":1}');
      const [first = 0, second = 0] = results(instance, 2);
      expect(first).toBe(STACK_TOP - 32);
      expect(second).toBe(STACK_TOP - 48);
      expect([text(instance, first), text(instance, second)]).toEqual(['{"a":"é€𝒳"}', '{"b":1}']);
    }
  });

  it('reserves four bytes per UTF-16 unit in the first two formats', async () => {
    for (const format of [FORMAT.v1, FORMAT.v2]) {
      const instance = await start({ body: keepArguments }, format);
      instance.handle('"𝒳𝒳𝒳"', '1');
      expect(results(instance, 2)).toEqual([STACK_TOP - 48, STACK_TOP - 64]);
    }
  });

  it('takes and gives 64-bit pointers', async () => {
    const instance = await start({
      wide: true,
      body: `(i64.store (i64.const ${RESULT}) (local.get $message))`,
    });
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    expect(view(instance).getBigInt64(RESULT, true)).toBe(BigInt(STACK_TOP - 16));
  });

  it('puts texts the stack can not hold on the heap', async () => {
    const instance = await start({ body: keepArguments, memory: '40' });
    const large = JSON.stringify('x'.repeat(1_000_000));
    instance.handle(large, '{"b":1}');
    const [first = 0, second = 0] = results(instance, 2);
    expect(first).toBeGreaterThanOrEqual(STACK_TOP);
    expect([text(instance, first), text(instance, second)]).toEqual([large, '{"b":1}']);
  });

  it('fails for a text neither stack nor heap can hold, without touching the rest of the memory', async () => {
    const instance = await start({});
    expect(() => instance.handle('x'.repeat(1_000_000), '{}')).toThrowError(
      expect.objectContaining({ code: 'EVAL.TRAP' }),
    );
    expect(instance.poisoned).toBe(true);
  });

  it('is poisoned by a trap and says so', async () => {
    const instance = await start({ body: '(unreachable)' });
    expect(() => instance.handle('{}', '{}')).toThrowError(expect.objectContaining({ code: 'EVAL.TRAP' }));
    expect(instance.poisoned).toBe(true);
    expect(() => instance.handle('{}', '{}')).toThrowError(
      expect.objectContaining({ code: 'EVAL.POISONED' }),
    );
    expect(() => instance.restore(instance.snapshot())).toThrowError(
      expect.objectContaining({ code: 'LOADER.RESTORE' }),
    );
  });

  it('turns endless recursion into a trap', async () => {
    const instance = await start({ fields: '(func $f (call $f) (call $f))', body: '(call $f)' });
    expect(() => instance.handle('{}', '{}')).toThrowError(expect.objectContaining({ code: 'EVAL.TRAP' }));
  });

  it.each([
    ['outside the memory', '(i32.const -1)', 'EVAL.TRAP'],
    ['without an end', '(i32.const 131071)', 'EVAL.TRAP'],
  ])('refuses a result %s', async (_, result, code) => {
    const instance = await start({
      body: '(i32.store8 (i32.const 131071) (i32.const 65))',
      result,
    });
    expect(() => instance.handle('{}', '{}')).toThrowError(expect.objectContaining({ code }));
  });

  it.each([{ computeLimit: Number.NaN }, { computeLimit: -1 }, { memoryLimit: Number.NaN }])(
    'refuses limits that are none: %o',
    async (options) => {
      await expect(start({}, FORMAT.v4, options)).rejects.toMatchObject({ code: 'LOADER.OPTION' });
    },
  );

  it('reports the exit of the program with its status', async () => {
    const instance = await start({
      imports: '(import "env" "exit" (func $exit (param i32)))',
      body: '(call $exit (i32.const 7))',
    });
    expect(() => instance.handle('{}', '{}')).toThrowError(
      expect.objectContaining({
        code: 'EVAL.EXIT',
        message: 'Program terminated with exit(7)',
        facts: { status: 7 },
      }),
    );
  });

  it('does not let a program catch its own end', async () => {
    const instance = await start({
      imports: '(import "env" "abort" (func $abort))',
      body: '(try (do (call $abort)) (catch_all))',
    });
    expect(() => instance.handle('{}', '{}')).toThrowError(
      expect.objectContaining({ code: 'EVAL.TRAP', message: 'the program aborted' }),
    );
  });

  it('fails an evaluation whose memory outgrows the limit', async () => {
    const source = { body: '(drop (memory.grow (i32.const 10)))', memory: '2 100' };
    const instance = await start(source, FORMAT.v4, { memoryLimit: 5 * 65_536 });
    expect(() => instance.handle('{}', '{}')).toThrowError(
      expect.objectContaining({ code: 'LOADER.MEMORY_LIMIT' }),
    );
    await expect(start(source, FORMAT.v4, { memoryLimit: 65_536 })).rejects.toMatchObject({
      code: 'LOADER.MEMORY_LIMIT',
    });
  });
});

describe('the state of an instance', () => {
  it('is its memory alone: globals start anew for each message', async () => {
    const instance = await start({
      fields: '(global $count (mut i64) (i64.const 5))',
      body: `(global.set $count (i64.add (global.get $count) (i64.const 1)))
        (i64.store (i32.const ${RESULT}) (global.get $count))`,
    });
    for (let round = 0; round < 3; round++) {
      instance.handle('{}', '{}');
      expect(view(instance).getBigInt64(RESULT, true)).toBe(6n);
    }
  });

  it('is not confused by exports with the names of the loader', async () => {
    const fields = '(global (export "ao:global-9") i32 (i32.const 5)) (func (export "ao:global-8"))';
    const instance = await start({ fields });
    expect(() => instance.handle('{}', '{}')).toThrowError(expect.objectContaining({ code: 'EVAL.TRAP' }));
  });

  it('has a clock that starts at 10 s for each message', async () => {
    const instance = await start({
      imports: '(import "env" "emscripten_date_now" (func $now (result f64)))',
      body: [0, 4].map((offset) => store(offset, '(i32.trunc_f64_s (call $now))')).join(''),
    });
    for (let round = 0; round < 2; round++) {
      instance.handle('{}', '{}');
      expect(results(instance, 2)).toEqual([10_000, 10_001]);
    }
  });

  it('grows to exactly the size asked for', async () => {
    const instance = await start({ memory: '2 8' });
    instance.grow(3 * 65_536);
    expect(instance.memory.buffer.byteLength).toBe(3 * 65_536);
    instance.grow(1);
    expect(instance.memory.buffer.byteLength).toBe(3 * 65_536);
    expect(() => instance.grow(9 * 65_536)).toThrowError(
      expect.objectContaining({ code: 'LOADER.MEMORY_LIMIT' }),
    );
  });

  it('grows a 64-bit memory', async () => {
    const instance = await start({ wide: true, memory: '2 8' });
    instance.grow(5 * 65_536);
    expect(instance.memory.buffer.byteLength).toBe(5 * 65_536);
  });

  it('grows less generously when the module itself sets a limit', async () => {
    const instance = await start({
      memory: '7 8',
      imports: '(import "env" "emscripten_resize_heap" (func $resize (param i32) (result i32)))',
      body: store(0, '(call $resize (i32.const 458753))') + store(4, '(call $resize (i32.const 524289))'),
    });
    instance.handle('{}', '{}');
    expect(results(instance, 2)).toEqual([1, 0]);
    expect(instance.memory.buffer.byteLength).toBe(8 * 65_536);
  });

  it('goes on after a restore like one that never stopped', async () => {
    const counting = {
      memory: '2 8',
      imports: '(import "env" "emscripten_resize_heap" (func $resize (param i32) (result i32)))',
      body: `(drop (call $resize (i32.mul (memory.size) (i32.const 65537))))
        ${store(0, `(i32.add (i32.const 1) (i32.load (i32.const ${RESULT})))`)}`,
    };
    const first = await start(counting);
    first.handle('{"n":1}', '{}');
    const snapshot = first.snapshot();
    const second = await start(counting);
    second.restore(snapshot);
    expect(Buffer.compare(bytes(second), bytes(first))).toBe(0);

    first.handle('{"n":2}', '{}');
    second.handle('{"n":2}', '{}');
    expect(Buffer.compare(bytes(second), bytes(first))).toBe(0);
    expect(results(second, 1)).toEqual([2]);
    expect(() => first.restore(snapshot)).toThrowError(expect.objectContaining({ code: 'LOADER.RESTORE' }));
  });
});

describe('booting', () => {
  const arguments_ = `(func (export "main") (param i32 i32) (result i32)
    ${store(0, '(local.get 0)')} ${store(4, '(local.get 1)')}
    ${store(8, '(i32.const 1)')} (i32.const 0))`;

  it('runs main without arguments, with the name of the program, or not at all', async () => {
    expect(results(await start({ fields: arguments_ }, FORMAT.v1), 3)).toEqual([0, 0, 1]);
    expect(results(await start({ fields: arguments_ }, FORMAT.v3), 3)).toEqual([0, 0, 1]);
    expect(results(await start({ fields: arguments_ }, FORMAT.v4), 3)).toEqual([0, 0, 0]);
    const second = await start({ fields: arguments_ }, FORMAT.v2);
    const [count, list = 0] = results(second, 2);
    expect(count).toBe(1);
    expect(text(second, view(second).getInt32(list, true))).toBe('./this.program');
  });

  it('runs _start of a WASI program and takes its exit with 0 for success', async () => {
    const wasi = (status: number) => ({
      imports: '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))',
      fields: `(func (export "_start") ${store(0, '(i32.const 9)')} (call $exit (i32.const ${status})))`,
    });
    const instance = await start(wasi(0));
    expect(results(instance, 1)).toEqual([9]);
    expect(instance.handle('{}', '{}')).toBe(OUTPUT);
    await expect(start(wasi(1))).rejects.toMatchObject({ code: 'LOADER.BOOT' });
  });

  it('refuses programs that fail before their first message', async () => {
    await expect(
      start({ fields: '(func (export "__wasm_call_ctors") (unreachable))' }),
    ).rejects.toMatchObject({ code: 'LOADER.BOOT' });
    const early = {
      imports: '(import "env" "abort" (func $abort))',
      fields: '(start $start) (func $start (call $abort))',
    };
    await expect(start(early)).rejects.toMatchObject({ code: 'LOADER.BOOT' });
  });

  it('marks the end of the stack as all hosts do', async () => {
    const instance = await start({});
    expect(view(instance).getUint32(8192, true)).toBe(0x02135467);
    expect(view(instance).getUint32(8196, true)).toBe(0x89bacdfe);
    expect(view(instance).getUint32(0, true)).toBe(0x63736d65);
  });
});

describe('parseOutput', () => {
  it.each(['', 'nope', '[1', '"text"', 'null', '3'])('refuses %j', (output) => {
    expect(() => parseOutput(output)).toThrowError(expect.objectContaining({ code: 'EVAL.OUTPUT_NOT_JSON' }));
  });
});
