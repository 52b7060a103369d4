import { describe, expect, it } from 'vitest';
import { BareHost } from '../../test/loader/host.ts';
import { FORMAT } from '../../test/loader/wat.ts';
import { ERRNO } from './errno.ts';
import type { Abi } from './file-status.ts';

const CREATE = 64 | 2;
const CURRENT = -100;
const ABIS: Abi[] = ['old', 'new', 'wide'];

describe.each(ABIS)('system calls (%s structures)', (abi) => {
  it('write, seek and read files', () => {
    const host = new BareHost(abi);
    const file = host.open('/tmp/a', CREATE);
    expect(file).toBe(3);
    expect(host.write(file, 'hello')).toBe(0);
    expect(host.memory.readPointer(16)).toBe(5);
    const seek = (low: number, whence: number) =>
      abi === 'wide'
        ? host.call('fd_seek', file, low, whence, 32)
        : host.call('fd_seek', file, low, low < 0 ? -1 : 0, whence, 32);
    expect(seek(-4, 2)).toBe(0);
    expect(host.memory.readI64(32)).toBe(1);
    expect(host.read(file, 10)).toBe('ello');
    expect(host.call('fd_sync', file)).toBe(0);
    expect(host.call('fd_close', file)).toBe(0);
    expect(host.call('fd_close', file)).toBe(ERRNO.EBADF);
    expect(host.open('/etc/passwd')).toBe(-ERRNO.ENOENT);
  });

  it('tell the status of files', () => {
    const host = new BareHost(abi);
    host.write(host.open('/tmp/a', CREATE), 'hello');
    const buffer = host.room(128);
    const layout = { old: [12, 40, 80], new: [4, 24, 88], wide: [4, 32, 96] }[abi] as [
      number,
      number,
      number,
    ];
    const read = () => [
      host.memory.readU32(buffer + layout[0]),
      host.memory.readI64(buffer + layout[1]),
      host.memory.readI64(buffer + layout[2]) > 0,
    ];
    expect(host.call('__syscall_stat64', host.text('/tmp/a'), buffer)).toBe(0);
    expect(read()).toEqual([0o100666, 5, true]);
    expect(host.call('__syscall_fstat64', 3, buffer)).toBe(0);
    expect(read()).toEqual([0o100666, 5, true]);
    expect(host.call('__syscall_lstat64', host.text('/tmp'), buffer)).toBe(0);
    expect(read()).toEqual([0o40777, 4096, true]);
    expect(host.call('__syscall_newfstatat', CURRENT, host.text('tmp/a'), buffer, 0)).toBe(0);
    expect(host.call('__syscall_newfstatat', 3, host.text(''), buffer, 0x1000)).toBe(0);
    expect(read()).toEqual([0o100666, 5, true]);
    expect(host.call('__syscall_newfstatat', 3, host.text('x'), buffer, 0)).toBe(-ERRNO.ENOTDIR);
    expect(host.call('__syscall_stat64', host.text('/nope'), buffer)).toBe(-ERRNO.ENOENT);
  });

  it('control descriptors', () => {
    const host = new BareHost(abi);
    const file = host.open('/tmp/a', CREATE);
    const varargs = host.room(8);
    host.memory.writePointer(varargs, 20);
    const control = (command: number) => host.call('__syscall_fcntl64', file, command, varargs);
    const getLock = abi === 'new' ? 12 : 5;
    expect(control(0)).toBe(20);
    expect([control(1), control(2)]).toEqual([0, 0]);
    expect(control(3)).toBe(CREATE);
    host.memory.writePointer(varargs, 1024);
    expect(control(4)).toBe(0);
    expect(control(3)).toBe(CREATE | 1024);
    host.memory.writePointer(varargs, 512);
    expect(control(getLock)).toBe(0);
    expect(host.memory.readU8(512)).toBe(2);
    expect([control(getLock + 1), control(getLock + 2), control(99)]).toEqual([0, 0, -ERRNO.EINVAL]);
    expect(host.call('__syscall_fcntl64', 77, 3, varargs)).toBe(-ERRNO.EBADF);
    expect(host.call('__syscall_dup3', file, 30, 0)).toBe(30);
    expect(host.call('__syscall_ioctl', file, 21523, varargs)).toBe(-ERRNO.ENOTTY);
    expect(host.call('__syscall_ioctl', 1, 21523, varargs)).toBe(0);
    expect(host.memory.readU8(512)).toBe(abi === 'old' ? 2 : 24);
    expect(host.call('fd_fdstat_get', file, 600)).toBe(0);
    expect(host.memory.readU8(600)).toBe(4);
    expect(host.call('fd_fdstat_get', 1, 600)).toBe(0);
    expect(host.memory.readU8(600)).toBe(2);
  });
});

describe('system calls', () => {
  it('work on directories', () => {
    const host = new BareHost('new');
    const at = (name: string, ...args: number[]) => host.call(`__syscall_${name}`, CURRENT, ...args);
    expect(at('mkdirat', host.text('/tmp/d'), 0)).toBe(0);
    const directory = host.open('/tmp/d');
    const inside = host.call('__syscall_openat', directory, host.text('file'), CREATE, 0);
    host.write(inside, 'x');
    expect(at('faccessat', host.text('/tmp/d/file'), 0, 0)).toBe(0);
    expect(at('readlinkat', host.text('/tmp/d/file'), 512, 64)).toBe(-ERRNO.EINVAL);
    expect(at('utimensat', host.text('/tmp/d/file'), 0, 0)).toBe(0);
    expect(at('renameat', host.text('/tmp/d/file'), CURRENT, host.text('/tmp/moved'))).toBe(0);
    expect(at('unlinkat', host.text('/tmp/moved'), 0)).toBe(0);
    expect(at('unlinkat', host.text('/tmp/d'), 512)).toBe(0);
    expect(host.call('__syscall_rmdir', host.text('/tmp/d'))).toBe(-ERRNO.ENOENT);
    expect(host.call('__syscall_chmod', host.text('/tmp'), 0)).toBe(0);
    expect(host.call('__syscall_fchmod', 1, 0)).toBe(0);
    expect(host.call('__syscall_fchown32', 99, 0, 0)).toBe(-ERRNO.EBADF);
    expect(host.call('__syscall_getcwd', 512, 64)).toBe(2);
    expect(host.memory.string(512)).toBe('/');
    expect(host.call('__syscall_getcwd', 512, 1)).toBe(-ERRNO.ERANGE);
    expect(host.call('__syscall_getcwd', 512, 0)).toBe(-ERRNO.EINVAL);
  });

  it('truncate with a length in two halves or in one', () => {
    for (const [abi, args] of [
      ['new', [70_000, 0]],
      ['wide', [70_000]],
    ] as const) {
      const host = new BareHost(abi);
      const file = host.open('/tmp/a', CREATE);
      expect(host.call('__syscall_ftruncate64', file, ...args)).toBe(0);
      expect(host.host.files.statusOfOpen(file).size).toBe(70_000);
    }
    const host = new BareHost('new');
    expect(host.call('__syscall_ftruncate64', host.open('/tmp/a', CREATE), 0, 1)).toBe(-ERRNO.EFBIG);
  });

  it('have no standard input and swallow standard output', () => {
    const host = new BareHost('new');
    expect(host.read(0, 10)).toBe('');
    expect(host.write(1, 'text')).toBe(0);
    expect(host.memory.readPointer(16)).toBe(4);
  });

  it('refuse names that do not end', () => {
    const host = new BareHost('new');
    expect(host.open('x'.repeat(5000))).toBe(-ERRNO.ENAMETOOLONG);
    expect(host.open('')).toBe(-ERRNO.ENOENT);
    let directory = host.open('/tmp');
    for (let depth = 0; depth < 3; depth++) {
      directory = host.call('__syscall_openat', directory, host.text('./'.repeat(1500)), 0, 0);
    }
    expect(host.call('__syscall_openat', directory, host.text('a'), CREATE, 0)).toBeGreaterThan(0);
    const long = host.text(`${'../tmp/'.repeat(580)}x`);
    expect(host.call('__syscall_openat', directory, long, CREATE, 0)).toBeGreaterThan(0);
    expect(host.open(`${'/tmp/..'.repeat(600)}/tmp`)).toBe(-ERRNO.ENAMETOOLONG);
  });

  it('start with the same files for each message', () => {
    const host = new BareHost('new');
    host.open('/tmp/a', CREATE);
    host.host.reset();
    expect(host.open('/tmp/a')).toBe(-ERRNO.ENOENT);
    expect(host.open('/tmp')).toBe(3);
  });

  it.each([
    ['fd_write', [1, 131_064, 9, 16]],
    ['fd_write', [1, -8, 1, 16]],
    ['fd_read', [0, 16, 1, -1]],
    ['fd_seek', [3, 0, 0, 0, -4]],
    ['__syscall_stat64', [4096, 131_060]],
    ['__syscall_openat', [-100, -5, 0, 0]],
    ['environ_sizes_get', [-1, 0]],
    ['emscripten_memcpy_big', [0, 131_000, 1000]],
    ['_gmtime_js', [0, 0, 131_070]],
  ] as const)('end the evaluation for addresses outside the memory: %s', (name, args) => {
    const host = new BareHost('new');
    host.memory.writeString(4096, '/tmp');
    host.open('/tmp/a', CREATE);
    expect(() => host.call(name, ...args)).toThrowError(expect.objectContaining({ code: 'EVAL.TRAP' }));
  });

  it('do nothing in the first format, which has no files', () => {
    const host = new BareHost('old', { format: FORMAT.v1 });
    expect(host.open('/tmp/a')).toBe(0);
    expect(host.write(1, 'text')).toBe(0);
    expect(host.memory.readPointer(16)).toBe(4);
    expect(host.read(0, 4)).toBe(ERRNO.ENOSYS);
    expect(host.call('fd_close', 1)).toBe(ERRNO.ENOSYS);
    expect(host.call('fd_seek', 1, 0, 0, 0, 16)).toBe(ERRNO.ESPIPE);
  });
});
