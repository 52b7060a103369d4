import type { AoError } from '../errors.ts';
import type { Drive } from './drive.ts';
import { trap } from './failures.ts';
import type { Abi } from './file-status.ts';
import { FileSystem } from './file-system.ts';
import type { Format } from './formats.ts';
import type { Gas } from './gas.ts';
import type { Guest } from './guest.ts';
import type { GuestMemory } from './guest-memory.ts';

/** An import as the loader writes it: 64-bit integers arrive, and are returned, as numbers. */
export type HostFunction = (...args: number[]) => number | undefined;
export type HostFunctions = Record<string, HostFunction>;

const FIRST_TICK = 10_000;

/** Everything outside the linear memory that one instance's imports read and write. */
export class Host {
  readonly format: Format;
  readonly abi: Abi;
  readonly gas: Gas;
  readonly drive: Drive | undefined;
  /** Largest size the heap may grow to, in bytes. */
  readonly heapLimit: number;
  /** High half of 64-bit results in the oldest 32-bit modules. */
  tempRet0 = 0;
  /** The first error that must end the evaluation, even if the guest caught it on its way. */
  failure: AoError | undefined;
  #ticks = FIRST_TICK;
  #files: FileSystem | undefined;
  #guest: Guest | undefined;

  constructor(options: { format: Format; abi: Abi; gas: Gas; drive: Drive | undefined; heapLimit: number }) {
    this.format = options.format;
    this.abi = options.abi;
    this.gas = options.gas;
    this.drive = options.drive;
    this.heapLimit = options.heapLimit;
  }

  get guest(): Guest {
    // A start function runs before the instance, and with it the memory, is known to the host.
    if (!this.#guest) throw trap('the start function of the module calls its host');
    return this.#guest;
  }

  get memory(): GuestMemory {
    return this.guest.memory;
  }

  get files(): FileSystem {
    this.#files ??= new FileSystem();
    return this.#files;
  }

  /** A clock that counts its own readings: milliseconds, but the same on every computer. */
  tick(): number {
    const now = this.#ticks;
    this.#ticks += 1;
    return now;
  }

  attach(guest: Guest): void {
    this.#guest = guest;
  }

  /** What is not in the memory starts anew, so that memory and message alone decide the result. */
  reset(): void {
    this.#ticks = FIRST_TICK;
    this.dropFiles();
    this.tempRet0 = 0;
    this.failure = undefined;
    this.gas.refill();
  }

  dropFiles(): void {
    this.#files = undefined;
  }

  /** Ends the evaluation. */
  fail(error: AoError): AoError {
    this.failure ??= error;
    return error;
  }
}
