import type { Drive } from '../../src/loader/drive.ts';
import type { Abi } from '../../src/loader/file-status.ts';
import { formatNamed } from '../../src/loader/formats.ts';
import { Gas } from '../../src/loader/gas.ts';
import { Guest } from '../../src/loader/guest.ts';
import type { GuestMemory } from '../../src/loader/guest-memory.ts';
import { Host, type HostFunction } from '../../src/loader/host.ts';
import { hostFunctions } from '../../src/loader/imports.ts';
import { type WasmExport, wasm } from '../../src/loader/webassembly.ts';
import { FORMAT } from './wat.ts';

const FORMAT_OF: Record<Abi, string> = { old: FORMAT.v2, new: FORMAT.v4, wide: FORMAT.wasm64 };

/** The imports of a module, on a memory without a program. */
export class BareHost {
  readonly host: Host;
  readonly memory: GuestMemory;
  readonly #functions: Record<string, HostFunction>;
  #next = 4096;

  constructor(
    abi: Abi,
    options: { format?: string; drive?: Drive; exports?: Record<string, WasmExport> } = {},
  ) {
    const format = formatNamed(options.format ?? FORMAT_OF[abi]);
    this.host = new Host({ format, abi, gas: new Gas(1000), drive: options.drive, heapLimit: 16 * 65_536 });
    const memory = new wasm.Memory({ initial: 2, maximum: 32 });
    const guest = new Guest({ exports: { memory, ...options.exports } }, abi === 'wide');
    this.host.attach(guest);
    this.memory = guest.memory;
    this.#functions = hostFunctions(this.host);
  }

  call(name: string, ...args: number[]): number {
    return Number(this.#functions[name]?.(...args));
  }

  /** Puts a C string into the memory. */
  text(value: string): number {
    const address = this.room(Buffer.byteLength(value) + 1);
    this.memory.writeString(address, value);
    return address;
  }

  room(size: number): number {
    const address = this.#next;
    this.#next += Math.ceil(size / 16) * 16;
    return address;
  }

  /** One element of an I/O vector list. */
  vector(address: number, length: number): number {
    const vector = this.room(16);
    this.memory.writePointer(vector, address);
    this.memory.writePointer(vector + this.memory.pointerSize, length);
    return vector;
  }

  write(descriptor: number, text: string): number {
    const address = this.text(text);
    return this.call('fd_write', descriptor, this.vector(address, Buffer.byteLength(text)), 1, 16);
  }

  /** Reads up to `length` bytes; the error number if it fails. */
  read(descriptor: number, length: number): string | number {
    const buffer = this.room(length);
    const status = this.call('fd_read', descriptor, this.vector(buffer, length), 1, 16);
    if (status !== 0) return status;
    return Buffer.from(this.memory.bytes(buffer, this.memory.readPointer(16))).toString('latin1');
  }

  open(path: string, flags = 0): number {
    return this.call('__syscall_openat', -100, this.text(path), flags, 0);
  }
}
