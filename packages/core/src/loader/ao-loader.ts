import { AoError, isAoError } from '../errors.ts';
import { type CompiledModule, compileModule } from './compile.ts';
import type { Drive } from './drive.ts';
import { type Format, formatNamed } from './formats.ts';
import { linkEverything } from './imports.ts';
import { createHost, DEFAULT_COMPUTE_LIMIT, type Instance, instantiate, startInstance } from './instance.ts';
import { type Snapshot, snapshotToMemory, takeSnapshot } from './snapshot.ts';
import type { WasmImports, WasmInstance } from './webassembly.ts';

/** Makes an instance of a module compiled elsewhere and hands it over. */
export type InstantiateWasm = (imports: WasmImports, receive: (instance: WasmInstance) => void) => unknown;

export interface AoLoaderOptions {
  /** The `Module-Format` tag; the first format if no options are given at all. */
  readonly format?: string;
  /** Most gas per message, as a number or its text. */
  readonly computeLimit?: number | string;
  /** Accepted and, as it always was, without effect. */
  readonly memoryLimit?: number | string;
  /** Return the memory itself instead of a copy. */
  readonly UNSAFE_MEMORY?: boolean;
  /** Serves the files of WeaveDrive. */
  readonly drive?: Drive;
}

export interface HandleResult {
  /** A copy of the memory after the message; the live `ArrayBuffer` with `UNSAFE_MEMORY`. */
  readonly Memory: Uint8Array | ArrayBuffer;
  readonly Error: unknown;
  readonly Output: unknown;
  readonly Messages: unknown;
  readonly Spawns: unknown;
  readonly Assignments: unknown;
  readonly Patches: unknown;
  readonly GasUsed: number;
}

/**
 * Evaluates one message. `buffer` is the memory to start from; null goes on with the memory as it is. Throws the
 * response of a result that is not ok, and what ended the evaluation otherwise: `Error('out of gas!')`, an
 * `ExitStatus`, a `WebAssembly.RuntimeError`, a `SyntaxError` for a result that is no JSON.
 */
export type Handle = (
  buffer: Uint8Array | ArrayBuffer | null,
  message: object,
  environment: object,
) => Promise<HandleResult>;

/**
 * The interface of `@permaweb/ao-loader`, with its results, fields and errors. Nothing global is changed, and a
 * memory given to `handle` is restored exactly, in size too.
 */
export async function AoLoader(
  binary: Uint8Array | ArrayBuffer | InstantiateWasm,
  options?: AoLoaderOptions | null,
): Promise<Handle> {
  if (options && 'WeaveDrive' in options && options.WeaveDrive) {
    throw new AoError(
      'LOADER.OPTION',
      'WeaveDrive is served through the option `drive`, which answers at once.',
      {
        action: 'fix',
      },
    );
  }
  const settings = options && typeof options === 'object' ? options : { format: 'wasm32-unknown-emscripten' };
  const start = await starter(binary, settings);
  let instance = await start();
  let last: Snapshot | undefined;

  return async (buffer, message, environment) => {
    if (instance.poisoned) instance = await start();
    if (buffer && buffer !== instance.memory.buffer) {
      last = takeSnapshot(bytesOf(buffer), last);
      if (last.byteLength < instance.memory.buffer.byteLength) instance = await start();
      instance.restore(last);
    }
    const response = evaluate(instance, message, environment);
    if (!settings.UNSAFE_MEMORY) last = instance.snapshot(last);
    return {
      Memory: settings.UNSAFE_MEMORY || !last ? instance.memory.buffer : snapshotToMemory(last),
      Error: response.Error,
      Output: response.Output,
      Messages: response.Messages,
      Spawns: response.Spawns,
      Assignments: response.Assignments,
      Patches: response.Patches || [],
      GasUsed: instance.gasUsed,
    };
  };
}

function evaluate(instance: Instance, message: object, environment: object): Record<string, unknown> {
  const text = call(instance, message, environment);
  const { ok, response } = JSON.parse(text);
  if (!ok) throw response;
  return response;
}

function call(instance: Instance, message: object, environment: object): string {
  try {
    return instance.handle(JSON.stringify(message), JSON.stringify(environment));
  } catch (error) {
    throw isAoError(error) ? familiar(error) : error;
  }
}

/** The error as code written for the network's loader knows it. */
function familiar(error: AoError): unknown {
  if (error.code === 'EVAL.EXIT') {
    return { name: 'ExitStatus', message: error.message, status: error.facts.status };
  }
  if (error.code === 'EVAL.OUT_OF_GAS') return new Error(error.message);
  if (error.code === 'EVAL.TRAP' && error.cause instanceof Error) return error.cause;
  return error;
}

async function starter(
  binary: Uint8Array | ArrayBuffer | InstantiateWasm,
  options: AoLoaderOptions,
): Promise<() => Instance | Promise<Instance>> {
  const format = formatNamed(String(options.format));
  const limits = {
    computeLimit: Math.min(Number(options.computeLimit ?? DEFAULT_COMPUTE_LIMIT), Number.MAX_SAFE_INTEGER),
    ...(options.drive && { drive: options.drive }),
  };
  if (typeof binary === 'function') return () => receive(binary, format, limits);
  const compiled: CompiledModule = await compileModule(bytesOf(binary), { format: format.name });
  return () => instantiate(compiled, limits);
}

async function receive(
  instantiateWasm: InstantiateWasm,
  format: Format,
  limits: { computeLimit: number; drive?: Drive },
): Promise<Instance> {
  const wide = format.name.startsWith('wasm64');
  const host = createHost(format, wide ? 'wide' : format.argumentSize === 'utf8' ? 'new' : 'old', limits);
  const { promise, resolve, reject } = Promise.withResolvers<WasmInstance>();
  Promise.resolve(instantiateWasm(linkEverything(host, wide), resolve)).catch(reject);
  return startInstance(host, await promise);
}

function bytesOf(data: Uint8Array | ArrayBuffer): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data);
}
