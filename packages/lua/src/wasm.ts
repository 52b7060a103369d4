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
const I64_CONST = 0x42;
/** A flag of a memory whose addresses have 64 bits. */
const WIDE = 4;
const END = 0x0b;

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

/** Signed LEB128. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest >= -64 && rest < 64) return [...bytes, rest & 127];
    bytes.push((rest & 127) | 128);
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

/** Whether the addresses of a module's memory have 64 bits. */
export function isWide(binary: Uint8Array): boolean {
  const flags = readSections(binary).find((section) => section.id === MEMORY_SECTION)?.body[1] ?? 0;
  return (flags & WIDE) !== 0;
}

/** The memory section of a module with one memory, with other sizes in pages; without a maximum, its own. */
export function memorySection(body: Uint8Array, initial: number, maximum?: number): Uint8Array {
  const [, afterInitial] = readUnsigned(body, 2);
  const last = maximum === undefined ? body.subarray(afterInitial) : unsigned(maximum);
  return Uint8Array.of(1, body[1] ?? 0, ...unsigned(initial), ...last);
}

/** A data section that puts each block at its address, in a memory with addresses of 64 bits if it is `wide`. */
export function dataSection(blocks: { address: number; bytes: Uint8Array }[], wide: boolean): Uint8Array {
  // An address of 32 bits is a signed number there.
  const constant = (address: number) =>
    wide ? [I64_CONST, ...signed(address)] : [I32_CONST, ...signed(address | 0)];
  const parts: Uint8Array[] = [Uint8Array.from(unsigned(blocks.length))];
  for (const { address, bytes } of blocks) {
    parts.push(Uint8Array.of(0, ...constant(address), END, ...unsigned(bytes.length)), bytes);
  }
  return Buffer.concat(parts);
}
