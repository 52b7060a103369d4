import { AoError } from '@ao-ts/core';

/** A Lua file of a module. `name` is its path: `crypto/sha2.lua` is what `require('.crypto.sha2')` loads. */
export interface LuaFile {
  name: string;
  source: string;
}

/** What {@link boot} leaves behind: the memory of a runtime that has loaded its Lua files. */
export interface BootedMemory {
  memory: Uint8Array;
  /** Bytes 0…stackTop are the C stack, which is empty between calls. */
  stackTop: number;
}

/** The part of `WebAssembly` that is used here: Node's own types leave it to the DOM library. */
interface Wasm {
  Module: new (binary: Uint8Array) => object;
  Instance: new (module: object, imports: Record<string, object>) => { exports: object };
}

const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;

interface RuntimeExports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  malloc(size: number): number;
  free(pointer: number): void;
  setThrew(threw: number, value: number): void;
  dynCall_vii(fn: number, a: number, b: number): void;
  emscripten_stack_get_current(): number;
  _emscripten_stack_restore(pointer: number): void;
  ao_boot(): number;
  ao_preload(name: number, chunk: number, source: number): number;
  ao_seal(): number;
}

const PAGE_BYTES = 65536;

/** `crypto/sha2.lua` -> `.crypto.sha2` */
function moduleName(file: string): string {
  return `.${file.replace(/\.lua$/, '').replaceAll('/', '.')}`;
}

function instantiate(runtime: Uint8Array): RuntimeExports {
  const longjmp = new Error('longjmp');
  const env = {
    invoke_vii(fn: number, a: number, b: number) {
      const stack = exports.emscripten_stack_get_current();
      try {
        exports.dynCall_vii(fn, a, b);
      } catch (thrown) {
        if (thrown !== longjmp) throw thrown;
        exports._emscripten_stack_restore(stack);
        exports.setThrew(1, 0);
      }
    },
    _emscripten_throw_longjmp() {
      throw longjmp;
    },
    _emscripten_memcpy_js(to: number, from: number, size: number) {
      new Uint8Array(exports.memory.buffer).copyWithin(to, from, from + size);
    },
    emscripten_resize_heap(size: number) {
      exports.memory.grow(Math.ceil((size - exports.memory.buffer.byteLength) / PAGE_BYTES));
      return 1;
    },
  };
  const instance = new wasm.Instance(new wasm.Module(runtime), { env });
  const exports = instance.exports as RuntimeExports;
  return exports;
}

/** A runtime into which Lua files are being loaded. */
class Booting {
  readonly #exports: RuntimeExports;

  constructor(runtime: Uint8Array) {
    this.#exports = instantiate(runtime);
    if (!this.#exports.ao_boot()) throw new Error('the Lua runtime has no memory to start in');
  }

  preload({ name, source }: LuaFile): void {
    if (source.includes('\0')) {
      throw new AoError('LUA.INVALID_SOURCE', `${name} contains a NUL character: it is not Lua source`, {
        action: 'fix',
        facts: { name },
      });
    }
    // A first line `#!…` is for a shell; the empty line keeps the line numbers.
    const text = source.replace(/^#[^\n]*/, '');
    const module = moduleName(name);
    this.#preload(name, module, text);
    // `require('.crypto')` is `require('.crypto.init')`.
    const folder = module.match(/^(.+)\.init$/)?.[1];
    if (folder) this.#preload(name, folder, `return require('${module}')`);
  }

  #preload(name: string, module: string, source: string): void {
    this.#call(name, (exports, ...pointers) => exports.ao_preload(...pointers), [module, `@${name}`, source]);
  }

  seal(): BootedMemory {
    const stackTop = this.#exports.emscripten_stack_get_current();
    this.#call('process.lua', (exports) => exports.ao_seal(), []);
    return { memory: new Uint8Array(this.#exports.memory.buffer), stackTop };
  }

  #call(
    file: string,
    call: (exports: RuntimeExports, ...pointers: [number, number, number]) => number,
    texts: [string, string, string] | [],
  ): void {
    const blocks = texts.map((text) => this.#store(text));
    const [a = 0, b = 0, c = 0] = blocks.map((block) => block.pointer);
    const problem = call(this.#exports, a, b, c);
    // Wiped before it is freed, because what is in memory becomes part of the module.
    for (const { pointer, size } of blocks) {
      new Uint8Array(this.#exports.memory.buffer).fill(0, pointer, pointer + size);
      this.#exports.free(pointer);
    }
    if (problem === 0) return;
    const message = this.#text(problem);
    throw new AoError('LUA.INVALID_SOURCE', message, { action: 'fix', facts: { file } });
  }

  #store(text: string): { pointer: number; size: number } {
    const bytes = Buffer.from(`${text}\0`);
    const pointer = this.#exports.malloc(bytes.length);
    if (pointer === 0) {
      throw new AoError('LUA.TOO_LARGE', 'the Lua files need more memory than a module can have', {
        action: 'fix',
        facts: { bytes: bytes.length },
      });
    }
    new Uint8Array(this.#exports.memory.buffer).set(bytes, pointer);
    return { pointer, size: bytes.length };
  }

  #text(pointer: number): string {
    const memory = Buffer.from(this.#exports.memory.buffer);
    return memory.toString('utf8', pointer, memory.indexOf(0, pointer));
  }
}

/**
 * Starts the runtime, loads the files and runs `process.lua`.
 * @throws AoError LUA.INVALID_SOURCE (syntax error, or an error at the top level of a file that is loaded; the message
 *   has file and line), LUA.TOO_LARGE
 */
export function boot(runtime: Uint8Array, files: LuaFile[]): BootedMemory {
  const booting = new Booting(runtime);
  for (const file of files) booting.preload(file);
  return booting.seal();
}
