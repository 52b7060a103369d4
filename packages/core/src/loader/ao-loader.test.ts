import { describe, expect, it } from 'vitest';
import { runReference } from '../../test/loader/reference.ts';
import { assemble, FORMAT, type Program, program, REFERENCE_EXPORTS, RESULT } from '../../test/loader/wat.ts';
import { AoLoader } from './index.ts';
import { wasm } from './webassembly.ts';

const ENVIRONMENT = { Process: { Id: 'p', Tags: [] } };

/** A program that answers with this text and counts its messages. */
const answering = (text: string): Program => ({
  fields: `(data (i32.const 2048) "${text.replaceAll('"', '\\"')}\\00")
    ${REFERENCE_EXPORTS}`,
  body: `(i32.store (i32.const ${RESULT}) (i32.add (i32.const 1) (i32.load (i32.const ${RESULT}))))`,
  result: '(i32.const 2048)',
});
const OK = answering('{"ok":true,"response":{"Output":"hi","Messages":[{"Target":"t"}],"Extra":1}}');

const ending = (imports: string, body: string): Program => ({ ...OK, imports, body });
const PROGRAMS: Record<string, Program> = {
  'a result': OK,
  'a result with everything in it': answering(
    '{"ok":true,"response":{"Error":"e","Output":{},"Messages":[],"Spawns":[],"Assignments":[],"Patches":[1]}}',
  ),
  'a text as error': answering('{"ok":false,"response":"[string] boom"}'),
  'a table as error': answering('{"ok":false,"response":{"code":1}}'),
  'no JSON': answering(''),
  'half of a JSON': answering('{"ok":tr'),
  'its exit': ending('(import "env" "exit" (func $exit (param i32)))', '(call $exit (i32.const 3))'),
  'more than its gas': ending(
    '(import "metering" "usegas" (func $use (param i32)))',
    '(call $use (i32.const 1001))',
  ),
  'a trap': ending('', '(unreachable)'),
};

const run = async (source: Program, messages: object[], restore = false) => {
  const binary = await assemble(program(source));
  const handle = await AoLoader(binary, { format: FORMAT.v4, computeLimit: 1000 });
  let memory: Uint8Array | null = null;
  const steps: unknown[] = [];
  for (const message of messages) {
    try {
      const { Memory, ...result } = await handle(restore ? memory : null, message, ENVIRONMENT);
      memory = Memory as Uint8Array;
      steps.push({ result });
    } catch (error) {
      steps.push({ error });
    }
  }
  const reference = await runReference({
    binary,
    format: FORMAT.v4,
    messages,
    environment: ENVIRONMENT,
    computeLimit: 1000,
    restore,
    keepMemory: true,
  });
  return { steps, memory, reference };
};

describe('AoLoader', () => {
  it.each(Object.entries(PROGRAMS))('answers like the loader of the network: %s', async (_, source) => {
    const { steps, reference } = await run(source, [{ Id: '1' }]);
    const [expected] = reference.steps;
    if (expected?.result) expect(steps[0]).toEqual({ result: expected.result });
    else expect(steps[0]).toMatchObject({ error: expected?.error });
  });

  it('keeps the errors plain: text stays text, errors have no fields of their own', async () => {
    const errors = await Promise.all(
      ['a text as error', 'more than its gas', 'a trap', 'no JSON', 'its exit'].map(async (name) => {
        const handle = await AoLoader(await assemble(program(PROGRAMS[name] ?? OK)), {
          format: FORMAT.v4,
          computeLimit: '1000',
        });
        return handle(null, {}, {}).catch((error) => error);
      }),
    );
    expect(errors[0]).toBe('[string] boom');
    expect(JSON.stringify(errors[1])).toBe('{}');
    expect(errors[1]).toBeInstanceOf(Error);
    expect(errors[2]).toBeInstanceOf(wasm.RuntimeError);
    expect(errors[3]).toBeInstanceOf(SyntaxError);
    expect(JSON.stringify(errors[4])).toBe(
      '{"name":"ExitStatus","message":"Program terminated with exit(3)","status":3}',
    );
  });

  it.each([false, true])('carries the memory from message to message (given back: %s)', async (restore) => {
    const { memory, reference } = await run(OK, [{ Id: '1' }, { Id: '2' }, { Id: '3' }], restore);
    expect(new DataView(memory?.buffer as ArrayBuffer).getInt32(RESULT, true)).toBe(3);
    expect(Buffer.compare(memory as Uint8Array, reference.memory as Uint8Array)).toBe(0);
  });

  it('evaluates from any memory it is given, in any order, and returns copies', async () => {
    const handle = await AoLoader(await assemble(program(OK)), { format: FORMAT.v4 });
    const count = (memory: Uint8Array | ArrayBuffer) =>
      new DataView((memory as Uint8Array).buffer).getInt32(RESULT, true);
    const first = await handle(null, {}, {});
    const second = await handle(first.Memory, {}, {});
    const again = await handle(first.Memory, {}, {});
    expect([count(first.Memory), count(second.Memory), count(again.Memory)]).toEqual([1, 2, 2]);
    expect(again.Memory).toEqual(second.Memory);
  });

  it('restores the size exactly, in both directions', async () => {
    const growing = { ...OK, memory: '2 30', body: '(drop (memory.grow (i32.const 1)))' };
    const handle = await AoLoader(await assemble(program(growing)), { format: FORMAT.v4 });
    const small = await handle(null, {}, {});
    const large = await handle(small.Memory, {}, {});
    expect([small.Memory.byteLength, large.Memory.byteLength]).toEqual([3 * 65_536, 4 * 65_536]);
    expect((await handle(small.Memory, {}, {})).Memory.byteLength).toBe(4 * 65_536);
    expect((await handle(large.Memory, {}, {})).Memory.byteLength).toBe(5 * 65_536);
  });

  it('goes on after a trap from the memory it is given', async () => {
    const fragile = {
      ...OK,
      body: `(if (i32.eq (i32.load8_u offset=2 (local.get $message)) (i32.const 88)) (then (unreachable)))
        ${OK.body}`,
    };
    const handle = await AoLoader(await assemble(program(fragile)), { format: FORMAT.v4 });
    const { Memory } = await handle(null, {}, {});
    await expect(handle(Memory, { X: 1 }, {})).rejects.toThrow('unreachable');
    expect((await handle(Memory, {}, {})).Output).toBe('hi');
  });

  it('hands out the live memory on request', async () => {
    const handle = await AoLoader(await assemble(program(OK)), { format: FORMAT.v4, UNSAFE_MEMORY: true });
    const { Memory } = await handle(null, {}, {});
    expect(Memory).toBeInstanceOf(ArrayBuffer);
    expect((await handle(Memory, {}, {})).Memory).toBe(Memory);
    expect(new DataView(Memory as ArrayBuffer).getInt32(RESULT, true)).toBe(2);
  });

  it.each([
    [FORMAT.v4, OK],
    [
      FORMAT.wasm64,
      {
        wide: true,
        imports: '(import "env" "_mktime_js" (func $make (param i64) (result i64)))',
        body: '(drop (call $make (i64.const 4096)))',
      },
    ],
  ])(
    'takes a function that instantiates a module compiled elsewhere (%s)',
    async (format, source: Program) => {
      const module = new wasm.Module(await assemble(program(source)));
      const handle = await AoLoader(
        async (imports, receive) => {
          receive(new wasm.Instance(module, imports));
          return {};
        },
        { format },
      );
      expect((await handle(null, {}, {})).Messages).toEqual(source === OK ? [{ Target: 't' }] : undefined);
    },
  );

  it('passes on the failure of that function', async () => {
    const failing = AoLoader(() => Promise.reject(new Error('not compiled')), { format: FORMAT.v4 });
    await expect(failing).rejects.toThrow('not compiled');
  });

  it('refuses the asynchronous drive of the network with a hint', async () => {
    const options = { format: FORMAT.v4, WeaveDrive: () => ({}) };
    await expect(AoLoader(await assemble(program(OK)), options)).rejects.toThrow('drive');
  });

  it('means the first format if there are no options', async () => {
    const handle = await AoLoader(await assemble(program(OK)));
    expect(await handle(null, {}, {})).toMatchObject({ Output: 'hi', Patches: [], GasUsed: 0 });
  });
});
