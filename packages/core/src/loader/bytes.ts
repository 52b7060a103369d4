import { AoError } from '../errors.ts';

/** Reads the primitives of the WebAssembly binary format; every read is bounds-checked. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  offset: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  byte(): number {
    const value = this.offset < this.end ? this.bytes[this.offset] : undefined;
    if (value === undefined) throw truncated(this.offset);
    this.offset += 1;
    return value;
  }

  /** An unsigned LEB128 integer below 2^53. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw malformed('an integer is too long', this.offset);
  }

  /** Steps over a LEB128 integer of any sign and width. */
  skipInteger(): void {
    for (let length = 0; length < 10; length++) if (this.byte() < 0x80) return;
    throw malformed('an integer is too long', this.offset);
  }

  skip(length: number): void {
    if (length > this.end - this.offset) throw truncated(this.offset);
    this.offset += length;
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.offset;
    this.skip(length);
    return this.bytes.subarray(start, this.offset);
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }

  /** A vector: its count, then that many items, each read by `item`. */
  vector<T>(item: () => T): T[] {
    const count = this.unsigned();
    if (count > this.end - this.offset) throw truncated(this.offset);
    return Array.from({ length: count }, item);
  }
}

/** An unsigned LEB128 integer of up to 64 bits. */
export function unsignedLeb(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
  return out;
}

/** A signed LEB128 integer of up to 53 bits. */
export function signedLeb(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; ) {
    const low = rest - Math.floor(rest / 0x80) * 0x80;
    rest = Math.floor(rest / 0x80);
    const done = low < 0x40 ? rest === 0 : rest === -1;
    out.push(done ? low : low | 0x80);
    if (done) return out;
  }
}

function truncated(offset: number): AoError {
  return new AoError('LOADER.NOT_WASM', `The module is cut off at byte ${offset}; fetch it again.`, {
    action: 'fix',
    facts: { offset },
  });
}

export function malformed(what: string, offset: number): AoError {
  return new AoError('LOADER.NOT_WASM', `The module is malformed at byte ${offset}: ${what}.`, {
    action: 'fix',
    facts: { offset },
  });
}
