/**
 * The part of the standard `WebAssembly` object the loader uses. Node's type package leaves it to the DOM
 * library, and a protocol package should not bring the types of a browser into every program that imports it.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** A 64-bit memory takes a bigint in current engines and a number in older ones. */
  grow(pages: number | bigint): number | bigint;
}

export interface WasmTable {
  readonly length: number;
  get(index: number): unknown;
}

export interface WasmGlobal {
  value: number | bigint;
}

/** An opaque compiled module; it can be posted to a worker. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export type WasmFunction = (...args: (number | bigint)[]) => number | bigint | undefined;
export type WasmExport = WasmFunction | WasmMemory | WasmTable | WasmGlobal;
export type WasmImports = Record<string, Record<string, WasmFunction>>;

export interface WasmInstance {
  readonly exports: Readonly<Record<string, WasmExport | undefined>>;
}

interface WasmApi {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
  Memory: new (descriptor: { initial: number; maximum?: number }) => WasmMemory;
  Module: {
    new (bytes: Uint8Array): WasmModule;
  };
  RuntimeError: new (message?: string) => Error;
}

/** Bytes of a page of memory. */
export const WASM_PAGE = 65_536;

export const wasm: WasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
