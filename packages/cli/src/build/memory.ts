import { AoError } from '@ao-ts/core';

export const PAGE_BYTES = 65_536;
const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;
const HAS_MAXIMUM = 1;
const IS_64_BIT = 4;

/** The memory a module declares, in pages of 64 KiB. */
export interface DeclaredMemory {
  initial: number;
  maximum: number | undefined;
  is64bit: boolean;
}

/** Bytes in the form of a Memory-Limit. */
export function memoryLimit(bytes: number): string {
  const megabytes = bytes / 1024 / 1024;
  return Number.isInteger(megabytes) ? `${megabytes}-mb` : `${bytes}-b`;
}

/** @throws AoError `BUILD.NOT_WASM` */
export function declaredMemory(binary: Uint8Array): DeclaredMemory {
  if (Buffer.from(binary.subarray(0, 4)).toString('latin1') !== '\0asm') throw notWasm();
  for (let start = HEADER_BYTES; start < binary.length; ) {
    const [size, body] = decode(binary, start + 1);
    const end = body + size;
    if (binary[start] === MEMORY_SECTION && binary[body] === 1) {
      const flags = binary[body + 1] ?? 0;
      const [initial, next] = decode(binary, body + 2);
      const maximum = flags & HAS_MAXIMUM ? decode(binary, next)[0] : undefined;
      return { initial, maximum, is64bit: (flags & IS_64_BIT) !== 0 };
    }
    start = end;
  }
  throw notWasm();
}

function notWasm(): AoError {
  return new AoError('BUILD.NOT_WASM', 'It is not a WebAssembly module with a memory of its own.', {
    action: 'fix',
  });
}

/** Unsigned LEB128. @returns the number and the position behind it */
function decode(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let scale = 1, next = at; next < bytes.length; scale *= 128) {
    const byte = bytes[next++] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, next];
  }
  throw notWasm();
}
