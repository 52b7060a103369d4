import type { Host, HostFunctions } from './host.ts';
import { WASM_PAGE } from './webassembly.ts';

const LARGEST_STEP = 100_663_296;

/** Growing and copying the memory. How far the heap grows is visible to a program, so the policy is fixed. */
export function heap(host: Host): HostFunctions {
  const copy = (target = 0, source = 0, length = 0) => {
    const { memory } = host;
    memory.writable(target, length).set(memory.bytes(source, length));
    return undefined;
  };
  return {
    emscripten_memcpy_big: copy,
    emscripten_memcpy_js: copy,
    _emscripten_memcpy_js: copy,
    emscripten_get_heap_max: () => host.format.heapLimit,
    emscripten_resize_heap: (size = 0) => (growTo(host, host.memory.unsigned(size)) ? 1 : 0),
  };
}

function growTo(host: Host, requested: number): boolean {
  const { memory, heapLimit } = host;
  const current = memory.byteLength;
  if (requested > heapLimit) return false;
  // The first try leaves room for more; when that is refused, the next ones ask for less.
  for (const divisor of [1, 2, 4]) {
    const roomy = Math.min(current * (1 + 0.2 / divisor), requested + LARGEST_STEP);
    const size = Math.min(heapLimit, Math.ceil(Math.max(requested, roomy) / WASM_PAGE) * WASM_PAGE);
    if (memory.grow(Math.ceil((size - current) / WASM_PAGE))) return true;
  }
  return false;
}
