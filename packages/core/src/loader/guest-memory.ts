import { trap } from './failures.ts';
import { MARKED_PAGE } from './marks.ts';
import type { WasmMemory } from './webassembly.ts';

/**
 * The linear memory as the imports see it. Addresses and lengths come from the guest, so each access is
 * checked: what lies outside ends the evaluation with `EVAL.TRAP`.
 */
export class GuestMemory {
  readonly memory: WasmMemory;
  /** True for 64-bit pointers. */
  readonly wide: boolean;
  /** Bytes of a pointer. */
  readonly pointerSize: 4 | 8;
  /** One for each page, 1 after a write; the host's own writes are marked too. See `markWrites`. */
  readonly marks: Uint8Array | undefined;
  #buffer: ArrayBuffer | undefined;
  #bytes = new Uint8Array(0);
  #view = new DataView(new ArrayBuffer(0));

  constructor(memory: WasmMemory, wide: boolean, marks?: WasmMemory) {
    this.memory = memory;
    this.marks = marks && new Uint8Array(marks.buffer);
    this.wide = wide;
    this.pointerSize = wide ? 8 : 4;
  }

  get byteLength(): number {
    return this.memory.buffer.byteLength;
  }

  /** The whole memory. Growing detaches it, so hold on to it no longer than one host call. */
  get all(): Uint8Array {
    this.#refresh();
    return this.#bytes;
  }

  get view(): DataView {
    this.#refresh();
    return this.#view;
  }

  /** 32-bit addresses and sizes arrive as signed numbers: this is their unsigned value. */
  unsigned(value: number): number {
    return this.wide ? value : value >>> 0;
  }

  /** A view of `length` bytes at `address`, to read from. */
  bytes(address: number, length: number): Uint8Array {
    const start = this.#check(address, this.unsigned(length));
    return this.#bytes.subarray(start, start + this.unsigned(length));
  }

  /** A view of `length` bytes at `address`, to write to. */
  writable(address: number, length: number): Uint8Array {
    const view = this.bytes(address, length);
    this.#mark(view.byteOffset, view.length);
    return view;
  }

  /** A UTF-8 string that ends at a NUL, or undefined if none follows within `limit` bytes. */
  string(address: number, limit = Number.POSITIVE_INFINITY): string | undefined {
    const start = this.#check(address, 1);
    const end = this.#bytes.indexOf(0, start);
    if (end < 0 || end - start > limit) return undefined;
    return Buffer.from(this.#bytes.buffer, start, end - start).toString('utf8');
  }

  readU8(address: number): number {
    return this.view.getUint8(this.#check(address, 1));
  }

  readU32(address: number): number {
    return this.view.getUint32(this.#check(address, 4), true);
  }

  readI32(address: number): number {
    return this.view.getInt32(this.#check(address, 4), true);
  }

  readI64(address: number): number {
    return Number(this.view.getBigInt64(this.#check(address, 8), true));
  }

  readPointer(address: number): number {
    if (!this.wide) return this.readU32(address);
    return Number(this.view.getBigUint64(this.#check(address, 8), true));
  }

  writeU8(address: number, value: number): void {
    this.view.setUint8(this.#written(address, 1), value);
  }

  writeU16(address: number, value: number): void {
    this.view.setUint16(this.#written(address, 2), value, true);
  }

  writeU32(address: number, value: number): void {
    this.view.setUint32(this.#written(address, 4), value, true);
  }

  /** Writes an integer below 2^63; fractions are cut off. */
  writeI64(address: number, value: number): void {
    this.view.setBigInt64(this.#written(address, 8), BigInt(Math.trunc(value)), true);
  }

  writePointer(address: number, value: number): void {
    if (this.wide) this.writeI64(address, value);
    else this.writeU32(address, value);
  }

  /** Writes UTF-8 and a NUL; the caller has reserved the room. */
  writeString(address: number, text: string | Uint8Array): void {
    const encoded = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
    const target = this.writable(address, encoded.length + 1);
    target.set(encoded);
    target[encoded.length] = 0;
  }

  /** Grows by `pages` of 64 KiB; false if the memory can not grow so far. */
  grow(pages: number): boolean {
    try {
      this.#growBy(pages);
      return true;
    } catch {
      return false;
    }
  }

  #growBy(pages: number): void {
    if (!this.wide) {
      this.memory.grow(pages);
      return;
    }
    try {
      this.memory.grow(BigInt(pages));
    } catch (error) {
      // Engines from before the 64-bit memory standard take a number here.
      if (!(error instanceof TypeError)) throw error;
      this.memory.grow(pages);
    }
  }

  #written(address: number, length: number): number {
    const start = this.#check(address, length);
    this.#mark(start, length);
    return start;
  }

  #mark(start: number, length: number): void {
    if (this.marks === undefined || length === 0) return;
    this.marks.fill(1, Math.floor(start / MARKED_PAGE), Math.floor((start + length - 1) / MARKED_PAGE) + 1);
  }

  #check(address: number, length: number): number {
    this.#refresh();
    const start = this.unsigned(address);
    if (!(start >= 0 && length >= 0 && start + length <= this.#bytes.length)) {
      throw trap('memory access out of bounds', { address: start, length, size: this.#bytes.length });
    }
    return start;
  }

  #refresh(): void {
    const buffer = this.memory.buffer;
    if (buffer === this.#buffer) return;
    this.#buffer = buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }
}
