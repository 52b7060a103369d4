import { AoError } from '@ao-ts/core';
import { isWide } from './wasm.ts';

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

/** An address or a size: a bigint if the runtime has addresses of 64 bits. */
type Pointer = number | bigint;

type Call = (fn: number, a: Pointer, b: Pointer) => void;

interface RuntimeExports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: Pointer): Pointer };
  malloc(size: Pointer): Pointer;
  free(pointer: Pointer): void;
  setThrew(threw: Pointer, value: number): void;
  dynCall_vii?: Call;
  dynCall_vjj?: Call;
  emscripten_stack_get_current(): Pointer;
  _emscripten_stack_restore(pointer: Pointer): void;
  ao_boot(): number;
  ao_preload(name: Pointer, chunk: Pointer, source: Pointer): Pointer;
  ao_seal(): Pointer;
}

const PAGE_BYTES = 65536;

/** `crypto/sha2.lua` -> `.crypto.sha2`; what luarocks installs, `modules/share/lua/5.3/x.lua`, -> `x` */
function moduleName(file: string): string {
  const rock = /^modules\/share\/lua\/5\.3\/(.+)$/.exec(file)?.[1];
  const name = (rock ?? file).replace(/\.lua$/, '').replaceAll('/', '.');
  return rock === undefined ? `.${name}` : name;
}

function instantiate(
  runtime: Uint8Array,
  pointer: (value: number) => Pointer,
  maximumMemory: number,
): RuntimeExports {
  const longjmp = new Error('longjmp');
  const invoke = (fn: Pointer, a: Pointer, b: Pointer) => {
    const stack = exports.emscripten_stack_get_current();
    const call = exports.dynCall_vjj ?? exports.dynCall_vii;
    try {
      call?.(Number(fn), a, b);
    } catch (thrown) {
      if (thrown !== longjmp) throw thrown;
      exports._emscripten_stack_restore(stack);
      exports.setThrew(pointer(1), 0);
    }
  };
  const env = {
    invoke_vii: invoke,
    invoke_vjj: invoke,
    _emscripten_throw_longjmp() {
      throw longjmp;
    },
    _emscripten_memcpy_js(to: Pointer, from: Pointer, size: Pointer) {
      const start = Number(from);
      new Uint8Array(exports.memory.buffer).copyWithin(Number(to), start, start + Number(size));
    },
    emscripten_resize_heap(size: Pointer) {
      if (Number(size) > maximumMemory) return 0;
      const missing = Number(size) - exports.memory.buffer.byteLength;
      try {
        exports.memory.grow(pointer(Math.ceil(missing / PAGE_BYTES)));
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
  readonly #pointer: (value: number) => Pointer;

  constructor(runtime: Uint8Array, maximumMemory: number) {
    this.#pointer = isWide(runtime) ? BigInt : Number;
    this.#exports = instantiate(runtime, this.#pointer, maximumMemory);
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
    const stackTop = Number(this.#exports.emscripten_stack_get_current());
    this.#check(this.#exports.ao_seal(), 'process.lua');
    return { memory: new Uint8Array(this.#exports.memory.buffer), stackTop };
  }

  #preload(file: string, module: string, source: string): void {
    const texts = [this.#store(module), this.#store(`@${file}`), this.#store(source)];
    const [named, chunk, text] = texts.map(({ start }) => this.#pointer(start)) as [
      Pointer,
      Pointer,
      Pointer,
    ];
    const problem = this.#exports.ao_preload(named, chunk, text);
    // Wiped before it is freed, because what is in memory becomes part of the module.
    for (const { start, size } of texts) {
      new Uint8Array(this.#exports.memory.buffer).fill(0, start, start + size);
      this.#exports.free(this.#pointer(start));
    }
    this.#check(problem, file);
  }

  #store(text: string): { start: number; size: number } {
    const bytes = Buffer.from(`${text}\0`);
    const start = Number(this.#exports.malloc(this.#pointer(bytes.length)));
    if (start === 0) {
      throw new AoError<LuaErrorCode>(
        'LUA.TOO_LARGE',
        'The Lua files need more memory than the module can have',
        {
          action: 'fix',
          facts: { bytes: bytes.length },
        },
      );
    }
    new Uint8Array(this.#exports.memory.buffer).set(bytes, start);
    return { start, size: bytes.length };
  }

  /** `problem` points to the text of an error, or is 0. */
  #check(problem: Pointer, file: string): void {
    const start = Number(problem);
    if (start === 0) return;
    const memory = Buffer.from(this.#exports.memory.buffer);
    const message = memory.toString('utf8', start, memory.indexOf(0, start));
    throw new AoError<LuaErrorCode>('LUA.INVALID_SOURCE', message, { action: 'fix', facts: { file } });
  }
}

/**
 * Starts the runtime, loads the files and runs `process.lua`, all in `maximumMemory` bytes.
 * @throws AoError LUA.INVALID_SOURCE (syntax error, or an error at the top level of a file that is loaded; the message
 *   has file and line), LUA.TOO_LARGE
 */
export function boot(
  runtime: Uint8Array,
  files: LuaFile[],
  maximumMemory = Number.POSITIVE_INFINITY,
): BootedMemory {
  const booting = new Booting(runtime, maximumMemory);
  for (const file of files) booting.preload(file);
  return booting.seal();
}
