import type { Format } from './formats.ts';
import type { Guest } from './guest.ts';

const ALIGNMENT = 16;
// What a program needs of its stack for itself.
const STACK_RESERVE = 65_536;

interface PushedArguments {
  readonly addresses: readonly number[];
  /** Gives back what the arguments took; only after the call succeeded. */
  release(): void;
}

/**
 * Puts the string arguments of `handle` where other hosts put them: on the C stack, in order. Their addresses
 * decide Lua's hash seed, and with it the order of the tags a process sends. Texts the stack can not hold, which
 * other hosts fail on, go to the heap.
 */
export function pushArguments(guest: Guest, format: Format, texts: (string | Uint8Array)[]): PushedArguments {
  const strings = texts.map((text) => (typeof text === 'string' ? Buffer.from(text, 'utf8') : text));
  const sizes = strings.map((bytes, index) => argumentSize(texts[index] ?? '', bytes, format));
  const stack = guest.stackSave();
  const onStack = fitsStack(guest, stack, sizes);
  const addresses = sizes.map((size) => (onStack ? guest.stackAlloc(size) : guest.malloc(size)));
  addresses.forEach((address, index) => {
    guest.memory.writeString(address, strings[index] ?? '');
  });
  return {
    addresses,
    release: () => {
      if (onStack) guest.stackRestore(stack);
      else for (const address of addresses) guest.free(address);
    },
  };
}

function argumentSize(text: string | Uint8Array, encoded: Uint8Array, format: Format): number {
  if (format.argumentSize === 'utf8') return encoded.length + 1;
  return (typeof text === 'string' ? text : new TextDecoder().decode(text)).length * 4 + 1;
}

function fitsStack(guest: Guest, stack: number, sizes: readonly number[]): boolean {
  if (!guest.find('stackAlloc', '_emscripten_stack_alloc')) return false;
  if (guest.stackBottom === undefined) return false;
  const free = stack - guest.stackBottom;
  const needed = sizes.reduce((total, size) => total + size + ALIGNMENT, 0);
  return needed + Math.min(STACK_RESERVE, free / 4) <= free;
}
