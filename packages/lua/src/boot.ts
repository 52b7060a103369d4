import { AoError } from '@ao-ts/core';

/** Codes of the errors that building a module can end with; all ask for other files. */
export type LuaErrorCode = 'LUA.INVALID_SOURCE' | 'LUA.TOO_LARGE';

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

/** `crypto/sha2.lua` -> `.crypto.sha2`; what luarocks installs, `modules/share/lua/5.3/x.lua`, -> `x` */
function moduleName(file: string): string {
  const rock = /^modules\/share\/lua\/5\.3\/(.+)$/.exec(file)?.[1];
  const name = (rock ?? file).replace(/\.lua$/, '').replaceAll('/', '.');
  return rock === undefined ? `.${name}` : name;
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
      try {
        exports.memory.grow(Math.ceil((size - exports.memory.buffer.byteLength) / PAGE_BYTES));
        return 1;
      } catch {
        return 0;
      }
    },
  };
  // No file can be read while a module is built: what is there then depends on who builds it.
  const noFile = () => 0;
  for (const name of ['open', 'read', 'close'])
    Object.assign(env, { [`__asyncjs__weavedrive_${name}`]: noFile });
  const instance = new wasm.Instance(new wasm.Module(runtime), {
    env,
    wasi_snapshot_preview1: { fd_seek: noFile },
  });
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
      throw new AoError<LuaErrorCode>(
        'LUA.INVALID_SOURCE',
        `${name} contains a NUL character: it is not Lua source`,
        {
          action: 'fix',
          facts: { name },
        },
      );
    }
    // A first line `#!…` is for a shell; the empty line keeps the line numbers.
    const text = source.replace(/^#[^\n]*/, '');
    const module = moduleName(name);
    this.#preload(name, module, text);
    // `require('.crypto')` is `require('.crypto.init')`.
    const folder = module.match(/^(.+)\.init$/)?.[1];
    if (folder) this.#preload(name, folder, `return require('${module}')`);
  }

  /** Runs `process.lua`. */
  seal(): BootedMemory {
    const stackTop = this.#exports.emscripten_stack_get_current();
    this.#check(this.#exports.ao_seal(), 'process.lua');
    return { memory: new Uint8Array(this.#exports.memory.buffer), stackTop };
  }

  #preload(file: string, module: string, source: string): void {
    const texts = [this.#store(module), this.#store(`@${file}`), this.#store(source)] as const;
    const problem = this.#exports.ao_preload(texts[0].pointer, texts[1].pointer, texts[2].pointer);
    // Wiped before it is freed, because what is in memory becomes part of the module.
    for (const { pointer, size } of texts) {
      new Uint8Array(this.#exports.memory.buffer).fill(0, pointer, pointer + size);
      this.#exports.free(pointer);
    }
    this.#check(problem, file);
  }

  #store(text: string): { pointer: number; size: number } {
    const bytes = Buffer.from(`${text}\0`);
    const pointer = this.#exports.malloc(bytes.length);
    if (pointer === 0) {
      throw new AoError<LuaErrorCode>(
        'LUA.TOO_LARGE',
        'the Lua files need more memory than a module can have',
        {
          action: 'fix',
          facts: { bytes: bytes.length },
        },
      );
    }
    new Uint8Array(this.#exports.memory.buffer).set(bytes, pointer);
    return { pointer, size: bytes.length };
  }

  /** `problem` points to the text of an error, or is 0. */
  #check(problem: number, file: string): void {
    if (problem === 0) return;
    const memory = Buffer.from(this.#exports.memory.buffer);
    const message = memory.toString('utf8', problem, memory.indexOf(0, problem));
    throw new AoError<LuaErrorCode>('LUA.INVALID_SOURCE', message, { action: 'fix', facts: { file } });
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
