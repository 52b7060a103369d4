import { extendModule, readGlobals } from './extend-module.ts';
import type { Guest } from './guest.ts';
import { WASM_PAGE, type WasmGlobal } from './webassembly.ts';

const PREFIX = 'ao:global-';

/**
 * Makes the mutable globals of a module reachable for {@link SavedGlobals}, and lowers the largest size its memory
 * can take.
 */
export function exposeState(binary: Uint8Array, metered: boolean, memoryLimit?: number): Uint8Array {
  const { count, mutable } = readGlobals(binary);
  // The counters of a metered module are its last two globals; the host keeps those itself.
  const own = mutable.filter((index) => !metered || index < count - 2);
  return extendModule(binary, {
    exports: own.map((index) => ({ name: `${PREFIX}${index}`, index })),
    ...(memoryLimit === undefined ? {} : { maximumPages: Math.floor(memoryLimit / WASM_PAGE) }),
  });
}

/**
 * The globals of an instance as they were when it could take its first message. They are set back before each
 * message: a restored process has its memory and nothing else, so no other process may have more.
 */
export class SavedGlobals {
  readonly #saved: { readonly global: WasmGlobal; readonly value: number | bigint }[] = [];

  constructor(guest: Guest) {
    for (const name of guest.names(PREFIX)) {
      const global = guest.global(name);
      if (global) this.#saved.push({ global, value: global.value });
    }
  }

  restore(): void {
    for (const { global, value } of this.#saved) global.value = value;
  }
}
