import { AoError, errorMessage, isAoError } from '../errors.ts';
import { pushArguments } from './arguments.ts';
import { boot } from './boot.ts';
import { abiOf, type CompiledModule, requireMemory } from './compile.ts';
import type { Drive } from './drive.ts';
import { memoryLimit, outOfGas, trap } from './failures.ts';
import type { Abi } from './file-status.ts';
import { type Format, formatNamed } from './formats.ts';
import { Gas } from './gas.ts';
import { SavedGlobals } from './globals.ts';
import { Guest } from './guest.ts';
import { Host } from './host.ts';
import { linkImports } from './imports.ts';
import { MARKED_PAGE } from './marks.ts';
import { GAS_LIMIT_EXPORT, GAS_USED_EXPORT } from './meter.ts';
import { applySnapshot, damaged, type Snapshot, takeSnapshot } from './snapshot.ts';
import { LONGJMP } from './trampolines.ts';
import { WASM_PAGE, type WasmInstance, type WasmMemory, wasm } from './webassembly.ts';

/** Gas an evaluation may use if nothing else is said. */
export const DEFAULT_COMPUTE_LIMIT = 9e15;

export interface InstantiateOptions {
  /** Largest memory in bytes; the format has a limit of its own. */
  readonly memoryLimit?: number;
  /** Most gas one evaluation may use. */
  readonly computeLimit?: number;
  /** Serves the files of WeaveDrive; without one, opening them fails. */
  readonly drive?: Drive;
}

/**
 * One running program. Its state is its linear memory and nothing else: clock, random source and files start anew
 * for each message, so a memory restored into another instance goes on exactly like this one.
 */
export class Instance {
  readonly #host: Host;
  readonly #guest: Guest;
  readonly #globals: SavedGlobals;
  #poisoned = false;

  constructor(host: Host, guest: Guest) {
    this.#host = host;
    this.#guest = guest;
    this.#globals = new SavedGlobals(guest);
  }

  get memory(): WasmMemory {
    return this.#guest.memory.memory;
  }

  /** Gas the last evaluation used; 0 if the module is not metered. */
  get gasUsed(): number {
    return this.#host.gas.used;
  }

  /** True after a failed evaluation: the memory is half-way through a message and must be thrown away. */
  get poisoned(): boolean {
    return this.#poisoned;
  }

  /**
   * Evaluates one message where the memory is. Both arguments are JSON text; the result is the JSON text
   * `{"ok":…,"response":…}` as the module wrote it, see `parseOutput`. Throws an `AoError` with an `EVAL.*` code
   * or `LOADER.MEMORY_LIMIT`; then the instance is poisoned.
   */
  handle(message: string | Uint8Array, environment: string | Uint8Array): string {
    if (this.#poisoned) {
      throw new AoError('EVAL.POISONED', 'This instance failed before; restore into a new one.', {
        action: 'never',
      });
    }
    this.#host.reset();
    try {
      this.#globals.restore();
      const output = this.#call(message, environment);
      this.#checkAfterwards();
      return output;
    } catch (error) {
      this.#poisoned = true;
      throw this.#explain(error);
    } finally {
      this.#host.dropFiles();
    }
  }

  /** Grows the memory to exactly `bytes`, rounded up to pages of 64 KiB. Throws `LOADER.MEMORY_LIMIT`. */
  grow(bytes: number): void {
    const { memory } = this.#guest;
    const pages = Math.ceil((bytes - memory.byteLength) / WASM_PAGE);
    if (pages <= 0) return;
    if (bytes > this.#host.heapLimit || !memory.grow(pages)) throw memoryLimit(bytes, this.#host.heapLimit);
  }

  /**
   * Numbers, in order, of the pages of `MARKED_PAGE` bytes that may have changed since this was last asked; after
   * the start, since then. Writes through `grow` and `restore` do not count. Only for modules that went through `markWrites`.
   */
  takeChanges(): number[] {
    const { marks, byteLength } = this.#guest.memory;
    if (!marks) throw new AoError('LOADER.OPTION', 'The module does not mark its writes.', { action: 'fix' });
    const used = marks.subarray(0, byteLength / MARKED_PAGE);
    const pages: number[] = [];
    for (let page = used.indexOf(1); page >= 0; page = used.indexOf(1, page + 1)) {
      used[page] = 0;
      if (pages.at(-1) !== page) pages.push(page);
      // A marked write can reach into the next page.
      if (page + 1 < used.length) pages.push(page + 1);
    }
    return pages;
  }

  /**
   * Takes back what happened since changes were last taken: gives each page that may have changed the bytes that
   * `before` tells. A failed instance can then go on. Answers false if the memory has grown beyond `byteLength`: memories
   * never shrink, so a new instance is needed. Only for modules that went through `markWrites`.
   */
  revert(byteLength: number, before: (page: number) => Uint8Array): boolean {
    const { memory } = this.#guest;
    if (memory.byteLength > byteLength) return false;
    for (const page of this.takeChanges()) memory.all.set(before(page), page * MARKED_PAGE);
    this.#poisoned = false;
    return true;
  }

  /** The memory as it is now; pages equal to those of `previous` are shared with it. */
  snapshot(previous?: Snapshot): Snapshot {
    return takeSnapshot(this.#guest.memory.all, previous);
  }

  /**
   * Gives the memory the size and the bytes of the snapshot. Memories only grow, so a larger or poisoned instance
   * can not go back: throws `LOADER.RESTORE`, and a new instance is needed. That of a new one goes faster with
   * `booted`, a snapshot of any instance of the same module that had taken no message yet.
   */
  restore(snapshot: Snapshot, booted?: Snapshot): void {
    const { memory } = this.#guest;
    if (this.#poisoned) throw damaged('this instance failed before; use a new one');
    if (memory.byteLength > snapshot.byteLength) throw damaged('memory can not shrink; use a new instance');
    this.grow(snapshot.byteLength);
    applySnapshot(memory.all, snapshot, booted);
  }

  #call(message: string | Uint8Array, environment: string | Uint8Array): string {
    const guest = this.#guest;
    const pushed = pushArguments(guest, this.#host.format, [message, environment]);
    const [messageAddress = 0, environmentAddress = 0] = pushed.addresses;
    const output = guest.memory.string(guest.handle(messageAddress, environmentAddress));
    if (output === undefined) throw trap('the result is not a C string');
    pushed.release();
    return output;
  }

  #checkAfterwards(): void {
    const { failure, heapLimit } = this.#host;
    const size = this.#guest.memory.byteLength;
    if (failure) throw failure;
    if (this.#host.gas.exhausted) throw outOfGas(this.#host.gas.used, this.#host.gas.limit);
    if (size > heapLimit) throw memoryLimit(size, heapLimit);
  }

  #explain(error: unknown): AoError {
    // Out of gas comes first: where exactly a program stops after that is no part of the protocol.
    if (this.#host.gas.exhausted) return outOfGas(this.#host.gas.used, this.#host.gas.limit);
    if (this.#host.failure) return this.#host.failure;
    if (error instanceof AoError) return error;
    if (error === LONGJMP) return trap('longjmp without a matching setjmp');
    return trap(errorMessage(error), {}, error);
  }
}

/**
 * Starts a compiled module: links it, runs its constructors and, where the format says so, its `main`.
 * Throws `LOADER.MEMORY_LIMIT` if it starts larger than allowed and `LOADER.BOOT` if it fails before any message.
 */
export function instantiate(compiled: CompiledModule, options: InstantiateOptions = {}): Instance {
  const format = formatNamed(compiled.format);
  const host = createHost(format, abiOf(compiled.interface), options);
  requireMemory(compiled.interface, host.heapLimit);
  return failingBoot(() => {
    const instance = new wasm.Instance(compiled.module, linkImports(host, compiled.interface.imports));
    return startInstance(host, instance);
  });
}

/** What the imports of one instance work on. */
export function createHost(format: Format, abi: Abi, options: InstantiateOptions): Host {
  const { computeLimit = DEFAULT_COMPUTE_LIMIT, memoryLimit = format.heapLimit } = options;
  if (!Number.isSafeInteger(computeLimit) || computeLimit < 0) throw badLimit('computeLimit', computeLimit);
  if (!(memoryLimit >= 0)) throw badLimit('memoryLimit', memoryLimit);
  const gas = new Gas(computeLimit);
  const heapLimit = Math.min(format.heapLimit, memoryLimit);
  return new Host({ format, abi, gas, drive: options.drive, heapLimit });
}

function badLimit(name: string, value: number): AoError {
  return new AoError('LOADER.OPTION', `${name} must be a whole number from 0 on, not ${value}.`, {
    action: 'fix',
    facts: { [name]: value },
  });
}

/** Boots an instance whose imports are bound to `host`. Throws `LOADER.BOOT`. */
export function startInstance(host: Host, instance: WasmInstance): Instance {
  return failingBoot(() => {
    const guest = new Guest(instance, host.abi === 'wide');
    host.attach(guest);
    if (host.format.metered) attachGas(host.gas, guest);
    boot(host, guest);
    guest.memory.marks?.fill(0, 0, guest.memory.byteLength / MARKED_PAGE);
    return new Instance(host, guest);
  });
}

function failingBoot(start: () => Instance): Instance {
  try {
    return start();
  } catch (cause) {
    if (isAoError(cause, 'LOADER.BOOT')) throw cause;
    throw new AoError('LOADER.BOOT', `The module failed while it started: ${errorMessage(cause)}`, {
      action: 'never',
      cause,
    });
  }
}

function attachGas(gas: Gas, guest: Guest): void {
  const used = guest.global(GAS_USED_EXPORT);
  const limit = guest.global(GAS_LIMIT_EXPORT);
  if (used && limit) gas.attach(used, limit);
}
