import { beforeEach, describe, expect, it } from 'vitest';
import { FileSystem, OPEN } from './file-system.ts';

const READ_WRITE = 2;
const CREATE = OPEN.create | READ_WRITE;
const failing = (errno: string) => expect.objectContaining({ message: errno });

describe('FileSystem', () => {
  let files: FileSystem;
  beforeEach(() => {
    files = new FileSystem();
  });

  const put = (path: string, text: string) => {
    const descriptor = files.open(path, CREATE);
    files.write(descriptor, Buffer.from(text));
    files.close(descriptor);
  };
  const get = (path: string) => {
    const descriptor = files.open(path, 0);
    const buffer = new Uint8Array(1000);
    const text = Buffer.from(buffer.subarray(0, files.read(descriptor, buffer))).toString('latin1');
    files.close(descriptor);
    return text;
  };

  it('reads what was written', () => {
    put('/tmp/a', 'hello');
    expect(get('/tmp/../tmp/./a')).toBe('hello');
    expect(files.status('/tmp/a')).toMatchObject({ size: 5, mode: 0o100666 });
  });

  it('starts with the same tree everywhere', () => {
    for (const path of ['/tmp', '/home/web_user', '/dev/shm/tmp', '/proc/self/fd', '/data']) {
      expect(files.status(path).mode).toBe(0o40777);
    }
    for (const path of ['/dev/null', '/dev/tty', '/dev/random', '/dev/urandom']) {
      expect(files.status(path).mode).toBe(0o20666);
    }
    expect(() => files.status('/etc/passwd')).toThrowError(failing('ENOENT'));
  });

  it('gives the lowest free descriptor, from 3 on', () => {
    expect([files.open('/tmp', 0), files.open('/tmp', 0)]).toEqual([3, 4]);
    files.close(3);
    expect(files.open('/tmp', 0)).toBe(3);
    expect(() => files.close(99)).toThrowError(failing('EBADF'));
  });

  it('honours the flags of open', () => {
    put('/tmp/a', 'hello');
    expect(() => files.open('/tmp/a', CREATE | OPEN.exclusive)).toThrowError(failing('EEXIST'));
    expect(() => files.open('/tmp/a', OPEN.directory)).toThrowError(failing('ENOTDIR'));
    expect(() => files.open('/tmp', READ_WRITE)).toThrowError(failing('EISDIR'));
    expect(() => files.open('/tmp/none/x', CREATE)).toThrowError(failing('ENOENT'));
    expect(() => files.open('/tmp/a/x', CREATE)).toThrowError(failing('ENOTDIR'));
    const end = files.open('/tmp/a', OPEN.append | 1);
    files.write(end, Buffer.from('!'));
    expect(() => files.read(end, new Uint8Array(1))).toThrowError(failing('EBADF'));
    expect(get('/tmp/a')).toBe('hello!');
    files.close(files.open('/tmp/a', OPEN.truncate | 1));
    expect(get('/tmp/a')).toBe('');
    expect(() => files.write(files.open('/tmp/a', 0), Buffer.from('x'))).toThrowError(failing('EBADF'));
  });

  it('seeks, also past the end, and fills the gap with zeros', () => {
    const descriptor = files.open('/tmp/a', CREATE);
    files.write(descriptor, Buffer.from('ab'));
    expect(files.seek(descriptor, 2, 2)).toBe(4);
    files.write(descriptor, Buffer.from('c'));
    expect(files.seek(descriptor, -1, 1)).toBe(4);
    expect(() => files.seek(descriptor, -9, 0)).toThrowError(failing('EINVAL'));
    expect(() => files.seek(descriptor, 0, 7)).toThrowError(failing('EINVAL'));
    expect(() => files.seek(0, 0, 0)).toThrowError(failing('ESPIPE'));
    expect(get('/tmp/a')).toBe('ab\0\0c');
  });

  it('shrinks and grows files, and forgets what was cut off', () => {
    const descriptor = files.open('/tmp/a', CREATE);
    files.write(descriptor, Buffer.from('secret'));
    files.truncate(descriptor, 1);
    files.truncate(descriptor, 4);
    expect(get('/tmp/a')).toBe('s\0\0\0');
    expect(() => files.truncate(descriptor, -1)).toThrowError(failing('EINVAL'));
  });

  it('makes, renames and removes', () => {
    files.makeDirectory('/tmp/d');
    expect(() => files.makeDirectory('/tmp/d')).toThrowError(failing('EEXIST'));
    put('/tmp/d/a', 'one');
    put('/tmp/b', 'two');
    expect(() => files.removeDirectory('/tmp/d')).toThrowError(failing('ENOTEMPTY'));
    expect(() => files.removeDirectory('/tmp/b')).toThrowError(failing('ENOTDIR'));
    expect(() => files.removeFile('/tmp/d')).toThrowError(failing('EISDIR'));
    expect(() => files.removeDirectory('/')).toThrowError(failing('EBUSY'));
    expect(() => files.rename('/tmp/d', '/tmp/d/inside')).toThrowError(failing('EINVAL'));
    expect(() => files.rename('/tmp/b', '/none/b')).toThrowError(failing('ENOENT'));
    files.rename('/tmp/b', '/tmp/d/a');
    expect(get('/tmp/d/a')).toBe('two');
    files.rename('/tmp/d/a', '/tmp/d/a');
    expect(get('/tmp/d/a')).toBe('two');
    files.removeFile('/tmp/d/a');
    files.removeDirectory('/tmp/d');
    expect(() => files.status('/tmp/d')).toThrowError(failing('ENOENT'));
  });

  it('keeps a removed file alive while it is open', () => {
    const descriptor = files.open('/tmp/a', CREATE);
    files.removeFile('/tmp/a');
    files.write(descriptor, Buffer.from('x'));
    files.seek(descriptor, 0, 0);
    expect(files.read(descriptor, new Uint8Array(4))).toBe(1);
    files.close(descriptor);
  });

  it('shares the position between duplicates', () => {
    put('/tmp/a', 'abc');
    const descriptor = files.open('/tmp/a', 0);
    const copy = files.duplicate(descriptor, 10);
    expect(copy).toBe(10);
    expect(files.duplicateTo(descriptor, 1)).toBe(1);
    files.read(copy, new Uint8Array(2));
    const rest = new Uint8Array(4);
    expect(files.read(1, rest)).toBe(1);
    expect(rest[0]).toBe('c'.charCodeAt(0));
    expect(() => files.duplicateTo(descriptor, 1e9)).toThrowError(failing('EBADF'));
    expect(() => files.duplicateTo(descriptor, descriptor)).toThrowError(failing('EINVAL'));
  });

  it('has devices that hold nothing, and one fixed random sequence', () => {
    const buffer = new Uint8Array(8);
    for (const path of ['/dev/null', '/dev/tty']) {
      const descriptor = files.open(path, READ_WRITE);
      expect(files.write(descriptor, buffer)).toBe(8);
      expect(files.read(descriptor, buffer)).toBe(0);
    }
    const sequence = (system: FileSystem) => {
      const bytes = new Uint8Array(32);
      system.read(system.open('/dev/urandom', 0), bytes);
      return bytes;
    };
    expect(sequence(files)).toEqual(sequence(new FileSystem()));
    expect(new Set(sequence(new FileSystem())).size).toBeGreaterThan(16);
  });

  it('is bounded in the length of names', () => {
    expect(() => files.makeDirectory(`/tmp/${'x'.repeat(256)}`)).toThrowError(failing('ENAMETOOLONG'));
    files.makeDirectory(`/tmp/${'x'.repeat(255)}`);
  });

  it('is bounded in size', () => {
    const descriptor = files.open('/tmp/a', CREATE);
    files.seek(descriptor, 2 ** 50, 0);
    expect(() => files.write(descriptor, Buffer.from('x'))).toThrowError(failing('EFBIG'));
    const mebibytes = 200 * 1024 * 1024;
    files.truncate(descriptor, mebibytes);
    const other = files.open('/tmp/b', CREATE);
    expect(() => files.truncate(other, mebibytes)).toThrowError(failing('ENOSPC'));
    files.close(descriptor);
    files.removeFile('/tmp/a');
    files.truncate(other, mebibytes);
  });

  it('is bounded in files and descriptors', () => {
    expect(() => {
      for (;;) files.open('/tmp', 0);
    }).toThrowError(failing('EMFILE'));
    const fresh = new FileSystem();
    expect(() => {
      for (let index = 0; ; index++) fresh.makeDirectory(`/tmp/${index}`);
    }).toThrowError(failing('ENOSPC'));
  });
});
