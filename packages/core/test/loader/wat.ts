import wabtInit from 'wabt';
import {
  compileModule,
  type Instance,
  type InstantiateOptions,
  instantiate,
} from '../../src/loader/index.ts';

export const FORMAT = {
  v1: 'wasm32-unknown-emscripten',
  v2: 'wasm32-unknown-emscripten2',
  v3: 'wasm32-unknown-emscripten3',
  v4: 'wasm32-unknown-emscripten4',
  wasm64: 'wasm64-unknown-emscripten-draft_2024_02_15',
  metered: 'wasm32-unknown-emscripten-metering',
  metered64: 'wasm64-unknown-emscripten-draft_2024_10_16-metering',
} as const;

/** Where the programs below keep what a test reads afterwards. */
export const RESULT = 1024;
export const STACK_END = 8192;
export const STACK_TOP = 65_536;
export const OUTPUT = '{"ok":true,"response":{"Output":"done"}}';

export async function assemble(text: string): Promise<Uint8Array> {
  const wabt = await wabtInit();
  const parsed = wabt.parseWat('test.wat', text, {
    memory64: true,
    exceptions: true,
    mutable_globals: true,
    bulk_memory: true,
    sat_float_to_int: true,
    sign_extension: true,
    simd: true,
    tail_call: true,
    reference_types: true,
    threads: true,
    multi_value: true,
  });
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

export interface Program {
  readonly wide?: boolean;
  /** `(import …)` fields. */
  readonly imports?: string;
  /** Functions, data and globals. */
  readonly fields?: string;
  /** The body of `handle`, with `$message` and `$environment`; it leaves nothing on the stack. */
  readonly body?: string;
  /** What `handle` returns: an address. */
  readonly result?: string;
  readonly memory?: string;
}

/** A module like those the network runs, without a program in it: memory, C stack, heap, table and `handle`. */
export function program({
  wide = false,
  imports = '',
  fields = '',
  body = '',
  result,
  memory = '2',
}: Program): string {
  const p = wide ? 'i64' : 'i32';
  return `(module
    ${imports}
    (memory (export "memory") ${wide ? 'i64 ' : ''}${memory})
    (table $table (export "__indirect_function_table") 8 funcref)
    (global $sp (mut ${p}) (${p}.const ${STACK_TOP}))
    (global $heap (mut ${p}) (${p}.const ${STACK_TOP}))
    (func (export "emscripten_stack_init"))
    (func (export "emscripten_stack_get_end") (result ${p}) (${p}.const ${STACK_END}))
    (func (export "emscripten_stack_get_current") (result ${p}) (global.get $sp))
    (func (export "_emscripten_stack_restore") (param ${p}) (global.set $sp (local.get 0)))
    (func (export "_emscripten_stack_alloc") (param ${p}) (result ${p})
      (global.set $sp (${p}.and (${p}.sub (global.get $sp) (local.get 0)) (${p}.const -16)))
      (global.get $sp))
    (func $malloc (export "malloc") (param ${p}) (result ${p})
      (global.get $heap)
      (global.set $heap (${p}.and
        (${p}.add (${p}.add (global.get $heap) (local.get 0)) (${p}.const 15)) (${p}.const -16))))
    (func (export "free") (param ${p}))
    (func (export "setThrew") (param ${p} i32)
      (${p}.store (${p}.const ${RESULT + 512}) (local.get 0)))
    (data (${p}.const 64) "${OUTPUT.replaceAll('"', '\\"')}\\00")
    ${fields}
    (func (export "handle") (param $message ${p}) (param $environment ${p}) (result ${p})
      ${body}
      ${result ?? `(${p}.const 64)`}))`;
}

/** What the loader of the network wants to find besides, to run such a module. */
export const REFERENCE_EXPORTS = `(func (export "__wasm_call_ctors"))
  (func (export "emscripten_stack_get_free") (result i32) (i32.const 1000))
  (func (export "emscripten_stack_get_base") (result i32) (i32.const ${STACK_TOP}))
  (func (export "fflush") (param i32) (result i32) (i32.const 0))
  (func (export "_emscripten_tempret_set") (param i32))`;

export async function start(
  source: Program | string,
  format: string = typeof source !== 'string' && source.wide ? FORMAT.wasm64 : FORMAT.v4,
  options: InstantiateOptions = {},
): Promise<Instance> {
  const binary = await assemble(typeof source === 'string' ? source : program(source));
  return instantiate(await compileModule(binary, { format }), options);
}

export function view(instance: Instance): DataView {
  return new DataView(instance.memory.buffer);
}

/** The 32-bit integers a program left at {@link RESULT}. */
export function results(instance: Instance, count: number): number[] {
  return Array.from({ length: count }, (_, index) => view(instance).getInt32(RESULT + index * 4, true));
}

export function bytes(instance: Instance): Uint8Array {
  return new Uint8Array(instance.memory.buffer);
}
