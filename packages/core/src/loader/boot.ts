import { isAoError } from '../errors.ts';
import type { Guest } from './guest.ts';
import type { Host } from './host.ts';
import { PROGRAM_NAME } from './surroundings.ts';

// What Emscripten writes at the end of the stack and at address 0 to notice an overflow. Nothing here reads it,
// but it is part of the memory all computers have to agree on.
const STACK_COOKIES = [0x02135467, 0x89bacdfe];
const ADDRESS_ZERO_COOKIE = 0x63736d65;

/** Brings a new instance to where it can take its first message. */
export function boot(host: Host, guest: Guest): void {
  guest.initialiseStack();
  if (guest.find('emscripten_stack_init')) writeStackCookies(guest);
  swallowExit(() => guest.find('__wasm_call_ctors', '_start', '_initialize')?.());
  if (host.format.main !== 'none') swallowExit(() => callMain(host, guest));
}

function writeStackCookies(guest: Guest): void {
  STACK_COOKIES.forEach((cookie, index) => {
    guest.memory.writeU32((guest.stackBottom || 4) + index * 4, cookie);
  });
  guest.memory.writeU32(0, ADDRESS_ZERO_COOKIE);
}

function callMain(host: Host, guest: Guest): void {
  const main = guest.find('main');
  if (!main) return;
  if (host.format.main === 'empty') {
    main(0, guest.pointer(0));
    return;
  }
  // The addresses are as other hosts choose them, and stay taken for the life of the program.
  const { memory } = guest;
  const list = guest.stackAlloc(2 * memory.pointerSize);
  const name = guest.stackAlloc(PROGRAM_NAME.length + 1);
  memory.writeString(name, PROGRAM_NAME);
  memory.writePointer(list, name);
  memory.writePointer(list + memory.pointerSize, 0);
  main(1, guest.pointer(list));
}

function swallowExit(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!isAoError(error, 'EVAL.EXIT') || error.facts.status !== 0) throw error;
  }
}
