import { trap } from './failures.ts';
import { GuestMemory } from './guest-memory.ts';
import { MARKS_EXPORT } from './marks.ts';
import { hasV1Names, V1_EXPORTS } from './v1-names.ts';
import type {
  WasmExport,
  WasmFunction,
  WasmGlobal,
  WasmInstance,
  WasmMemory,
  WasmTable,
} from './webassembly.ts';

// Modules of the first format have the default stack of their toolchain and no export that tells it.
const V1_STACK = 5_242_880;

/** The exports of a module the host uses, under one name each and with plain numbers for pointers. */
export class Guest {
  readonly memory: GuestMemory;
  readonly table: WasmTable | undefined;
  /** The lowest address of the stack, if it is known. */
  stackBottom: number | undefined;
  readonly #exports: Map<string, WasmExport>;
  readonly #v1: boolean;

  constructor(instance: WasmInstance, wide: boolean) {
    this.#v1 = hasV1Names(instance.exports);
    this.#exports = new Map();
    for (const [name, value] of Object.entries(instance.exports)) {
      if (value !== undefined) this.#exports.set((this.#v1 && V1_EXPORTS[name]) || name, value);
    }
    this.memory = new GuestMemory(
      this.#exports.get('memory') as WasmMemory,
      wide,
      this.#exports.get(MARKS_EXPORT) as WasmMemory | undefined,
    );
    this.table = this.#exports.get('__indirect_function_table') as WasmTable | undefined;
  }

  /** The first of these exports that is a function. */
  find(...names: string[]): WasmFunction | undefined {
    for (const name of names) {
      const value = this.#exports.get(name);
      if (typeof value === 'function') return value;
    }
    return undefined;
  }

  /** An exported global. */
  global(name: string): WasmGlobal | undefined {
    return this.#exports.get(name) as WasmGlobal | undefined;
  }

  /** The names of all exports that start with `prefix`. */
  names(prefix: string): string[] {
    return [...this.#exports.keys()].filter((name) => name.startsWith(prefix));
  }

  pointer(value: number): number | bigint {
    return this.memory.wide ? BigInt(value) : value;
  }

  handle(message: number, environment: number): number {
    const handle = this.#need('handle');
    return this.memory.unsigned(Number(handle(this.pointer(message), this.pointer(environment))));
  }

  /** The address of `size` new bytes. */
  malloc(size: number): number {
    const address = this.memory.unsigned(Number(this.#need('malloc')(this.pointer(size))));
    if (address === 0) throw trap('not enough memory', { size });
    return address;
  }

  free(address: number): void {
    this.find('free')?.(this.pointer(address));
  }

  stackSave(): number {
    const save = this.find('stackSave', 'emscripten_stack_get_current');
    return save ? this.memory.unsigned(Number(save())) : 0;
  }

  stackRestore(address: number): void {
    this.find('stackRestore', '_emscripten_stack_restore')?.(this.pointer(address));
  }

  stackAlloc(size: number): number {
    const allocate = this.#need('stackAlloc', '_emscripten_stack_alloc');
    return this.memory.unsigned(Number(allocate(this.pointer(size))));
  }

  /**
   * Sets the stack up, once. Its bottom is kept because asking for it later would cost the program gas that other
   * hosts do not charge.
   */
  initialiseStack(): void {
    this.find('emscripten_stack_init')?.();
    const end = this.find('emscripten_stack_get_end');
    if (end) this.stackBottom = this.memory.unsigned(Number(end()));
    else if (this.#v1) this.stackBottom = Math.max(0, this.stackSave() - V1_STACK);
  }

  /** Tells the C side that a `longjmp` came back. */
  setThrew(): void {
    this.#need('setThrew')(this.pointer(1), 0);
  }

  #need(...names: string[]): WasmFunction {
    const found = this.find(...names);
    if (!found) throw trap(`the module does not export ${names[0]}`);
    return found;
  }
}
