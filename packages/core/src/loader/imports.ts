import { descriptors } from './descriptors.ts';
import { drive } from './drive-imports.ts';
import { heap } from './heap.ts';
import type { Host, HostFunction, HostFunctions } from './host.ts';
import type { FunctionImport, Signature } from './module-interface.ts';
import { surroundings } from './surroundings.ts';
import { syscalls } from './syscalls.ts';
import { time } from './time.ts';
import { isTrampoline, longjmp, trampoline } from './trampolines.ts';
import { V1_IMPORT_MODULE, V1_IMPORTS } from './v1-names.ts';
import type { WasmFunction, WasmImports } from './webassembly.ts';

const METERING_MODULE = 'metering';
/** The import through which modules metered before they were published report their gas. */
export const GAS_IMPORT = 'usegas';
const MODULES = new Set(['env', 'wasi_snapshot_preview1', V1_IMPORT_MODULE, METERING_MODULE]);

const TRAMPOLINES = ['invoke_vii', 'invoke_vjj'];
const WIDE_RESULTS = new Set(['emscripten_get_heap_max', '_mktime_js', 'strftime', 'strftime_l']);

/** All functions the loader can give to a module, by canonical name; `invoke_*` come on top. */
export function hostFunctions(host: Host): HostFunctions {
  return {
    ...heap(host),
    ...surroundings(host),
    ...longjmp(host),
    ...time(host),
    ...syscalls(host),
    ...descriptors(host),
    ...drive(host),
  };
}

/** The name an import has in all formats but the first. */
export function canonicalName(module: string, name: string): string {
  return module === V1_IMPORT_MODULE ? (V1_IMPORTS[name] ?? name) : name;
}

/** The import object for these imports, bound to one host. */
export function linkImports(host: Host, imports: readonly FunctionImport[]): WasmImports {
  const functions = hostFunctions(host);
  const linked: WasmImports = {};
  for (const { module, name, signature } of imports) {
    const canonical = canonicalName(module, name);
    const implementation = isTrampoline(canonical)
      ? trampoline(host, canonical)
      : adapted(functions[canonical] as HostFunction, signature);
    linked[module] = { ...linked[module], [name]: implementation };
  }
  return linked;
}

/**
 * All imports of a format, for a module whose own list is not known. Which results are 64-bit integers is known by
 * name.
 */
export function linkEverything(host: Host, wide: boolean): WasmImports {
  const all: Record<string, WasmFunction> = {};
  for (const [name, implementation] of Object.entries(hostFunctions(host))) {
    const result = wide && WIDE_RESULTS.has(name) ? 'i64' : 'i32';
    all[name] = adapted(implementation, { params: wide ? ['i64'] : [], results: [result] });
  }
  for (const name of TRAMPOLINES) all[name] = trampoline(host, name);
  const letters = Object.entries(V1_IMPORTS).map(
    ([letter, name]) => [letter, all[name] as WasmFunction] as const,
  );
  return {
    env: all,
    wasi_snapshot_preview1: all,
    [METERING_MODULE]: all,
    [V1_IMPORT_MODULE]: Object.fromEntries(letters),
  };
}

/** Turns the 64-bit integers of an import into numbers, and its result back. */
function adapted(implementation: HostFunction, { params, results }: Signature): WasmFunction {
  if (results[0] === 'i64') {
    return (...args) => BigInt(Math.trunc(implementation(...args.map(Number)) ?? 0));
  }
  if (params.includes('i64')) return (...args) => implementation(...args.map(Number));
  return implementation as WasmFunction;
}

/** The imports of this list the loader has no function for, as `module.name`. */
export function unknownImports(host: Host, imports: readonly FunctionImport[]): string[] {
  const functions = hostFunctions(host);
  return imports
    .filter(({ module, name }) => {
      const canonical = canonicalName(module, name);
      if ((module === METERING_MODULE) !== (canonical === GAS_IMPORT)) return true;
      return !MODULES.has(module) || !(Object.hasOwn(functions, canonical) || isTrampoline(canonical));
    })
    .map(({ module, name }) => `${module}.${name}`);
}
