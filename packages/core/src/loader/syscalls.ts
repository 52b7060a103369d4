import { ERRNO, FileError } from './errno.ts';
import { writeStatus } from './file-status.ts';
import { CURRENT_DIRECTORY } from './file-system.ts';
import type { Host, HostFunction, HostFunctions } from './host.ts';

const PATH_LIMIT = 4096;
const REMOVE_DIRECTORY = 512;
const EMPTY_PATH = 0x1000;
const TERMINAL_SIZE = 21523;
const UNLOCKED = 2;

/** `__syscall_*`: files and directories. They return a result, or an error number negated. */
export function syscalls(host: Host): HostFunctions {
  const pathAt = (address: number, directory = CURRENT_DIRECTORY): string => {
    const path = host.memory.string(address, PATH_LIMIT);
    if (path === '') throw new FileError('ENOENT');
    if (path === undefined) throw new FileError('ENAMETOOLONG');
    const full = path.startsWith('/') ? path : `${host.files.directoryOf(directory)}/${path}`;
    if (full.length > PATH_LIMIT) throw new FileError('ENAMETOOLONG');
    return full;
  };
  const statusAt = (buffer: number, status: ReturnType<typeof host.files.status>): number => {
    writeStatus(host.memory, host.abi, buffer, status);
    return 0;
  };
  const exists = (path: string): number => {
    host.files.status(path);
    return 0;
  };

  const calls: Record<string, (...args: number[]) => number> = {
    openat: (directory = 0, path = 0, flags = 0) => host.files.open(pathAt(path, directory), flags),
    stat64: (path = 0, buffer = 0) => statusAt(buffer, host.files.status(pathAt(path))),
    lstat64: (path = 0, buffer = 0) => statusAt(buffer, host.files.status(pathAt(path))),
    fstat64: (descriptor = 0, buffer = 0) => statusAt(buffer, host.files.statusOfOpen(descriptor)),
    newfstatat: (directory = 0, path = 0, buffer = 0, flags = 0) =>
      flags & EMPTY_PATH && host.memory.readU8(path) === 0
        ? statusAt(buffer, host.files.statusOfOpen(directory))
        : statusAt(buffer, host.files.status(pathAt(path, directory))),
    mkdirat: (directory = 0, path = 0) => {
      host.files.makeDirectory(pathAt(path, directory));
      return 0;
    },
    rmdir: (path = 0) => {
      host.files.removeDirectory(pathAt(path));
      return 0;
    },
    unlinkat: (directory = 0, path = 0, flags = 0) => {
      const target = pathAt(path, directory);
      if (flags & REMOVE_DIRECTORY) host.files.removeDirectory(target);
      else host.files.removeFile(target);
      return 0;
    },
    renameat: (fromDirectory = 0, from = 0, toDirectory = 0, to = 0) => {
      host.files.rename(pathAt(from, fromDirectory), pathAt(to, toDirectory));
      return 0;
    },
    readlinkat: (directory = 0, path = 0) => {
      exists(pathAt(path, directory));
      throw new FileError('EINVAL');
    },
    faccessat: (directory = 0, path = 0) => exists(pathAt(path, directory)),
    chmod: (path = 0) => exists(pathAt(path)),
    utimensat: (directory = 0, path = 0) => exists(pathAt(path, directory)),
    fchmod: (descriptor = 0) => {
      host.files.opened(descriptor);
      return 0;
    },
    fchown32: (descriptor = 0) => {
      host.files.opened(descriptor);
      return 0;
    },
    ftruncate64: (descriptor = 0, low = 0, high?: number) => {
      host.files.truncate(descriptor, high === undefined ? low : joinHalves(low, high));
      return 0;
    },
    getcwd: (buffer = 0, size = 0) => {
      if (size === 0) throw new FileError('EINVAL');
      if (host.memory.unsigned(size) < 2) throw new FileError('ERANGE');
      host.memory.writeString(buffer, '/');
      return 2;
    },
    dup3: (descriptor = 0, target = 0) => host.files.duplicateTo(descriptor, target),
    fcntl64: (descriptor = 0, command = 0, varargs = 0) => control(host, descriptor, command, varargs),
    ioctl: (descriptor = 0, request = 0, varargs = 0) => terminal(host, descriptor, request, varargs),
  };

  const functions: HostFunctions = {};
  for (const [name, call] of Object.entries(calls)) functions[`__syscall_${name}`] = guarded(host, call);
  return functions;
}

/** A 64-bit integer passed as two 32-bit ones. */
export function joinHalves(low: number, high: number): number {
  return (low >>> 0) + high * 2 ** 32;
}

function guarded(host: Host, call: (...args: number[]) => number): HostFunction {
  if (!host.format.files) return () => 0;
  return (...args) => {
    try {
      return call(...args);
    } catch (error) {
      if (error instanceof FileError) return -error.errno;
      throw error;
    }
  };
}

function control(host: Host, descriptor: number, command: number, varargs: number): number {
  const file = host.files.opened(descriptor);
  const getLock = host.abi === 'new' ? 12 : 5;
  if (command === 0) return host.files.duplicate(descriptor, host.memory.readI32(varargs));
  if (command === 1 || command === 2) return 0;
  if (command === 3) return file.flags;
  if (command === 4) {
    file.flags |= host.memory.readI32(varargs);
    return 0;
  }
  if (command === getLock) {
    host.memory.writeU16(host.memory.readPointer(varargs), UNLOCKED);
    return 0;
  }
  // Nobody else can hold a lock in a private file system.
  if (command === getLock + 1 || command === getLock + 2) return 0;
  return -ERRNO.EINVAL;
}

function terminal(host: Host, descriptor: number, request: number, varargs: number): number {
  if (host.files.opened(descriptor).node.kind !== 'device') return -ERRNO.ENOTTY;
  if (request === TERMINAL_SIZE && host.abi !== 'old') {
    const size = host.memory.readPointer(varargs);
    host.memory.writeU16(size, 24);
    host.memory.writeU16(size + 2, 80);
  }
  return 0;
}
