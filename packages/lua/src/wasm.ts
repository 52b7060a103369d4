/** One section of a WebAssembly binary. */
export interface Section {
  id: number;
  body: Uint8Array;
}

export const MEMORY_SECTION = 5;
export const CODE_SECTION = 10;
export const DATA_SECTION = 11;
export const DATA_COUNT_SECTION = 12;

const HEADER_BYTES = 8;
const I32_CONST = 0x41;
const END = 0x0b;

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

function signed32(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 127;
    const done = (rest >> 7 === 0 && !(low & 64)) || (rest >> 7 === -1 && low & 64);
    if (done) return [...bytes, low];
    bytes.push(low | 128);
  }
}

/** Reads an unsigned LEB128 number. @returns the number and the position behind it. */
export function readUnsigned(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let scale = 1, next = at; ; scale *= 128) {
    const byte = bytes[next++] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, next];
  }
}

export function readSections(binary: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = HEADER_BYTES; at < binary.length; ) {
    const [size, start] = readUnsigned(binary, at + 1);
    sections.push({ id: binary[at] ?? 0, body: binary.subarray(start, start + size) });
    at = start + size;
  }
  return sections;
}

export function writeSections(binary: Uint8Array, sections: Section[]): Uint8Array {
  const parts: Uint8Array[] = [binary.subarray(0, HEADER_BYTES)];
  for (const { id, body } of sections) parts.push(Uint8Array.of(id, ...unsigned(body.length)), body);
  return Buffer.concat(parts);
}

/** The memory section of a module with one 32-bit memory, with another initial size. */
export function memorySection(body: Uint8Array, initialPages: number): Uint8Array {
  const flags = body[1] ?? 0;
  const [, afterInitial] = readUnsigned(body, 2);
  return Uint8Array.of(1, flags, ...unsigned(initialPages), ...body.subarray(afterInitial));
}

/** A data section that puts each block at its address. */
export function dataSection(blocks: { address: number; bytes: Uint8Array }[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from(unsigned(blocks.length))];
  for (const { address, bytes } of blocks) {
    parts.push(Uint8Array.of(0, I32_CONST, ...signed32(address), END, ...unsigned(bytes.length)), bytes);
  }
  return Buffer.concat(parts);
}
