import { AoError, errorMessage } from '../errors.ts';
import { type LoaderErrorCode, memoryLimit } from './failures.ts';
import type { Abi } from './file-status.ts';
import { formatNamed } from './formats.ts';
import { Gas } from './gas.ts';
import { exposeState } from './globals.ts';
import { Host } from './host.ts';
import { canonicalName, GAS_IMPORT, unknownImports } from './imports.ts';
import { meterModule } from './meter.ts';
import { type ModuleInterface, readInterface } from './module-interface.ts';
import { hasV1Names, V1_EXPORTS } from './v1-names.ts';
import { WASM_PAGE, type WasmModule, wasm } from './webassembly.ts';

export interface CompileOptions {
  /** The value of the module's `Module-Format` tag. */
  readonly format: string;
  /** True if the binary went through `meterModule`, kept by the caller to save doing it again. */
  readonly metered?: boolean;
  /** Largest memory in bytes the module may ever have, in all its instances. */
  readonly memoryLimit?: number;
}

/** A module ready to be instantiated. Every part can be posted to a worker. */
export interface CompiledModule {
  readonly format: string;
  readonly module: WasmModule;
  readonly interface: ModuleInterface;
}

/**
 * Checks and compiles the binary of a module; do it once and instantiate often.
 * Throws `LOADER.FORMAT`, `LOADER.NOT_WASM`, `LOADER.UNKNOWN_IMPORT` (all of them named), `LOADER.NO_HANDLE` or
 * `LOADER.MEMORY_LIMIT`.
 */
export async function compileModule(binary: Uint8Array, options: CompileOptions): Promise<CompiledModule> {
  const format = formatNamed(options.format);
  const moduleInterface = readInterface(binary);
  const host = new Host({
    format,
    abi: abiOf(moduleInterface),
    gas: new Gas(0),
    drive: undefined,
    heapLimit: 0,
  });
  const unknown = [...unknownImports(host, moduleInterface.imports), ...moduleInterface.otherImports];
  if (unknown.length > 0) {
    const message = `The module imports what no ao host offers: ${unknown.join(', ')}.`;
    throw refused('LOADER.UNKNOWN_IMPORT', message, { imports: unknown });
  }
  requireMemory(moduleInterface, options.memoryLimit);
  requireExport(moduleInterface, 'handle', 'function');
  requireExport(moduleInterface, 'memory', 'memory');
  if (format.metered && moduleInterface.imports.some(({ name }) => name === GAS_IMPORT)) {
    throw refused('LOADER.FORMAT', 'A module of a metering format can not report its gas itself.', {
      format: format.name,
    });
  }
  const measured = format.metered && !options.metered ? meterModule(binary) : binary;
  const prepared = exposeState(measured, format.metered, options.memoryLimit);
  return { format: format.name, module: await compileBinary(prepared), interface: moduleInterface };
}

/** Throws `LOADER.MEMORY_LIMIT` if a module starts with more memory than `limit` bytes. */
export function requireMemory({ initialPages }: ModuleInterface, limit = Number.POSITIVE_INFINITY): void {
  if (initialPages * WASM_PAGE > limit) throw memoryLimit(initialPages * WASM_PAGE, limit);
}

async function compileBinary(binary: Uint8Array): Promise<WasmModule> {
  try {
    return await wasm.compile(binary);
  } catch (cause) {
    throw new AoError('LOADER.NOT_WASM', `The module does not compile: ${errorMessage(cause)}`, {
      action: 'fix',
      cause,
    });
  }
}

/** Which layout of C structures the module was built with. */
export function abiOf({ imports, memory64 }: ModuleInterface): Abi {
  const imported = (name: string) => imports.some((item) => canonicalName(item.module, item.name) === name);
  if (memory64) return 'wide';
  return imported('setTempRet0') ? 'old' : 'new';
}

function requireExport(moduleInterface: ModuleInterface, name: string, kind: 'function' | 'memory'): void {
  const letter = Object.keys(V1_EXPORTS).find((candidate) => V1_EXPORTS[candidate] === name);
  const exported = hasV1Names(moduleInterface.exports) && letter !== undefined ? letter : name;
  if (moduleInterface.exports[exported] === kind) return;
  throw refused('LOADER.NO_HANDLE', `The module exports no ${kind} "${name}", so it can not take messages.`, {
    exports: Object.keys(moduleInterface.exports),
  });
}

function refused(code: LoaderErrorCode, message: string, facts: Record<string, unknown>): AoError {
  return new AoError(code, message, { action: 'fix', facts });
}
