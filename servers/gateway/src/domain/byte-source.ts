/** Bytes that need not be in memory. Positions count from 0; `end` is exclusive. */
export interface ByteSource {
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
  stream(start: number, end: number): AsyncIterable<Uint8Array>;
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (start, end) => bytes.subarray(start, end),
    async *stream(start, end) {
      yield bytes.subarray(start, end);
    },
  };
}

/** The part of `source` from `offset` on that is `size` bytes long. */
export function sliceSource(source: ByteSource, offset: number, size: number): ByteSource {
  return {
    size,
    read: (start, end) => source.read(offset + start, offset + Math.min(end, size)),
    stream: (start, end) => source.stream(offset + start, offset + Math.min(end, size)),
  };
}
