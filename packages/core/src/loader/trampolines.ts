import { trap } from './failures.ts';
import type { Guest } from './guest.ts';
import type { Host, HostFunctions } from './host.ts';
import type { WasmFunction } from './webassembly.ts';

/** Thrown by `longjmp` and caught by the `invoke_*` that guards the matching `setjmp`. */
export const LONGJMP = Symbol('longjmp');

const INVOKE = /^invoke_([vijfd]+)$/;

export function isTrampoline(name: string): boolean {
  return INVOKE.test(name);
}

export function longjmp(host: Host): HostFunctions {
  return {
    _emscripten_throw_longjmp: () => {
      throw LONGJMP;
    },
    getTempRet0: () => host.tempRet0,
    setTempRet0: (value = 0) => {
      host.tempRet0 = value;
      return undefined;
    },
  };
}

/** `invoke_<signature>`: calls a function of the guest's table, and comes back here when it does a `longjmp`. */
export function trampoline(host: Host, name: string): WasmFunction {
  const dynamicCall = `dynCall_${INVOKE.exec(name)?.[1]}`;
  return (index, ...args) => {
    const { guest } = host;
    const stack = guest.stackSave();
    try {
      const direct = guest.find(dynamicCall);
      return direct ? direct(Number(index), ...args) : tableEntry(guest, Number(index))(...args);
    } catch (error) {
      if (error !== LONGJMP) throw error;
      guest.stackRestore(stack);
      guest.setThrew();
      return undefined;
    }
  };
}

function tableEntry({ table }: Guest, index: number): WasmFunction {
  const entry = table && index >= 0 && index < table.length ? table.get(index) : undefined;
  if (typeof entry !== 'function') throw trap('table index is out of bounds', { index });
  return entry as WasmFunction;
}
