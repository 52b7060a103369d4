import { ERRNO, FileError } from './errno.ts';
import type { Host, HostFunction, HostFunctions } from './host.ts';
import { joinHalves } from './syscalls.ts';

const FILE_TYPE = { device: 2, directory: 3, file: 4 };

/** WASI's `fd_*`: reading and writing open files. They return 0 or an error number. */
export function descriptors(host: Host): HostFunctions {
  if (!host.format.files) {
    return {
      fd_write: (_descriptor = 0, vectors = 0, count = 0, written = 0) => {
        let total = 0;
        for (const chunk of chunks(host, vectors, count)) total += chunk.length;
        host.memory.writePointer(written, total);
        return 0;
      },
      fd_read: () => ERRNO.ENOSYS,
      fd_close: () => ERRNO.ENOSYS,
      fd_seek: () => ERRNO.ESPIPE,
    };
  }
  return {
    fd_write: guarded((descriptor = 0, vectors = 0, count = 0, written = 0) => {
      let total = 0;
      for (const chunk of chunks(host, vectors, count)) total += host.files.write(descriptor, chunk);
      host.memory.writePointer(written, total);
    }),
    fd_read: guarded((descriptor = 0, vectors = 0, count = 0, read = 0) => {
      let total = 0;
      for (const chunk of chunks(host, vectors, count, true)) {
        const length = host.files.read(descriptor, chunk);
        total += length;
        if (length < chunk.length) break;
      }
      host.memory.writePointer(read, total);
    }),
    fd_seek: guarded((descriptor = 0, ...rest) => {
      const [offset, whence, result] =
        rest.length === 3 ? rest : [joinHalves(rest[0] ?? 0, rest[1] ?? 0), rest[2], rest[3]];
      host.memory.writeI64(result ?? 0, host.files.seek(descriptor, offset ?? 0, whence ?? 0));
    }),
    fd_close: guarded((descriptor = 0) => host.files.close(descriptor)),
    fd_sync: guarded((descriptor = 0) => void host.files.opened(descriptor)),
    fd_fdstat_get: guarded((descriptor = 0, buffer = 0) => {
      const { node } = host.files.opened(descriptor);
      host.memory.writable(buffer, 24).fill(0);
      host.memory.writeU8(buffer, FILE_TYPE[node.kind]);
    }),
  };
}

function* chunks(host: Host, vectors: number, count: number, writable = false): Generator<Uint8Array> {
  const { memory } = host;
  const start = memory.unsigned(vectors);
  const stride = memory.pointerSize * 2;
  for (let index = 0; index < memory.unsigned(count); index++) {
    const vector = start + index * stride;
    const length = memory.readPointer(vector + memory.pointerSize);
    if (length === 0) continue;
    const address = memory.readPointer(vector);
    yield writable ? memory.writable(address, length) : memory.bytes(address, length);
  }
}

function guarded(call: (...args: number[]) => void): HostFunction {
  return (...args) => {
    try {
      call(...args);
      return 0;
    } catch (error) {
      if (error instanceof FileError) return error.errno;
      throw error;
    }
  };
}
