import { FileError } from './errno.ts';

interface Directory {
  readonly kind: 'directory';
  readonly inode: number;
  readonly entries: Map<string, FileNode>;
}

interface RegularFile {
  readonly kind: 'file';
  readonly inode: number;
  bytes: Uint8Array;
  size: number;
  linked: boolean;
  opens: number;
}

interface Device {
  readonly kind: 'device';
  readonly inode: number;
  readonly read: (target: Uint8Array) => number;
}

export type FileNode = Directory | RegularFile | Device;

export interface OpenFile {
  readonly node: FileNode;
  readonly path: string;
  flags: number;
  position: number;
}

export interface FileStatus {
  readonly mode: number;
  readonly size: number;
  readonly inode: number;
}

export const OPEN = {
  accessMode: 3,
  create: 64,
  exclusive: 128,
  truncate: 512,
  append: 1024,
  directory: 65536,
};
export const CURRENT_DIRECTORY = -100;

const READ_ONLY = 0;
const WRITE_ONLY = 1;
const MAX_OPEN_FILES = 4096;
const MAX_NODES = 65_536;
const MAX_NAME = 255;
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * A file system in memory, private to one evaluation: it starts the same for every message, because what it
 * holds is no part of the process's memory. Bounded in bytes, files and descriptors.
 */
export class FileSystem {
  readonly #root: Directory;
  readonly #open: (OpenFile | undefined)[] = [];
  #nodes = 0;
  #usedBytes = 0;

  constructor() {
    const nothing = () => 0;
    const random = pseudoRandomBytes();
    const terminal = this.#device(nothing);
    this.#root = this.#directory({
      tmp: this.#directory(),
      home: this.#directory({ web_user: this.#directory() }),
      dev: this.#directory({
        null: this.#device(nothing),
        tty: terminal,
        random: this.#device(random),
        urandom: this.#device(random),
        shm: this.#directory({ tmp: this.#directory() }),
      }),
      proc: this.#directory({ self: this.#directory({ fd: this.#directory() }) }),
      data: this.#directory(),
    });
    for (const path of ['/dev/stdin', '/dev/stdout', '/dev/stderr']) {
      this.#open.push({ node: terminal, path, flags: 2, position: 0 });
    }
  }

  /** Opens `path` and returns the lowest free descriptor. */
  open(path: string, flags: number): number {
    const descriptor = this.#freeDescriptor(0);
    let node = this.#find(path);
    if (node && flags & OPEN.create && flags & OPEN.exclusive) throw new FileError('EEXIST');
    if (!node && flags & OPEN.create) node = this.#link(path, this.#file());
    if (!node) throw new FileError('ENOENT');
    if (node.kind !== 'directory' && flags & OPEN.directory) throw new FileError('ENOTDIR');
    if (node.kind === 'directory' && (flags & OPEN.accessMode) !== READ_ONLY) throw new FileError('EISDIR');
    if (node.kind === 'file' && flags & OPEN.truncate) this.#resize(node, 0);
    if (node.kind === 'file') node.opens += 1;
    this.#open[descriptor] = { node, path: normalised(path), flags, position: 0 };
    return descriptor;
  }

  /** Opens bytes without a name, to be read only, and returns the lowest free descriptor above 0. */
  openContent(bytes: Uint8Array): number {
    const descriptor = this.#freeDescriptor(1);
    // Only what is open already counts, so that one file may be larger than all the others together.
    if (this.#usedBytes >= MAX_BYTES) throw new FileError('ENOSPC');
    this.#usedBytes += bytes.length;
    const node: RegularFile = { ...this.#file(), bytes, size: bytes.length, linked: false, opens: 1 };
    this.#open[descriptor] = { node, path: '/', flags: READ_ONLY, position: 0 };
    return descriptor;
  }

  close(descriptor: number): void {
    const { node } = this.opened(descriptor);
    this.#open[descriptor] = undefined;
    if (node.kind !== 'file') return;
    node.opens -= 1;
    this.#releaseIfUnused(node);
  }

  opened(descriptor: number): OpenFile {
    const file = this.#open[descriptor];
    if (!file) throw new FileError('EBADF');
    return file;
  }

  /** Duplicates onto the lowest free descriptor that is at least `minimum`. */
  duplicate(descriptor: number, minimum: number): number {
    return this.#install(this.opened(descriptor), this.#freeDescriptor(minimum));
  }

  /** Duplicates onto exactly `target`, closing what was there. */
  duplicateTo(descriptor: number, target: number): number {
    const file = this.opened(descriptor);
    if (target === descriptor || !(target >= 0)) throw new FileError('EINVAL');
    if (target >= MAX_OPEN_FILES) throw new FileError('EBADF');
    if (this.#open[target]) this.close(target);
    return this.#install(file, target);
  }

  read(descriptor: number, target: Uint8Array): number {
    const file = this.opened(descriptor);
    const { node } = file;
    if ((file.flags & OPEN.accessMode) === WRITE_ONLY) throw new FileError('EBADF');
    if (node.kind === 'directory') throw new FileError('EISDIR');
    if (node.kind === 'device') return node.read(target);
    const chunk = node.bytes.subarray(file.position, Math.min(node.size, file.position + target.length));
    target.set(chunk);
    file.position += chunk.length;
    return chunk.length;
  }

  write(descriptor: number, data: Uint8Array): number {
    const file = this.opened(descriptor);
    const { node } = file;
    if ((file.flags & OPEN.accessMode) === READ_ONLY) throw new FileError('EBADF');
    if (node.kind === 'directory') throw new FileError('EISDIR');
    if (node.kind === 'device') return data.length;
    if (file.flags & OPEN.append) file.position = node.size;
    if (file.position + data.length > node.size) this.#resize(node, file.position + data.length);
    node.bytes.set(data, file.position);
    file.position += data.length;
    return data.length;
  }

  /** Moves the position: from the start (0), the position (1) or the end (2). */
  seek(descriptor: number, offset: number, whence: number): number {
    const file = this.opened(descriptor);
    if (file.node.kind === 'device') throw new FileError('ESPIPE');
    const end = file.node.kind === 'file' ? file.node.size : 0;
    const base = [0, file.position, end][whence];
    if (base === undefined || !(base + offset >= 0)) throw new FileError('EINVAL');
    file.position = base + offset;
    return file.position;
  }

  /** Whether it is a file of which nothing is left to read. */
  atEnd(descriptor: number): boolean {
    const { node, position } = this.opened(descriptor);
    return node.kind === 'file' && position >= node.size;
  }

  truncate(descriptor: number, size: number): void {
    const { node, flags } = this.opened(descriptor);
    if ((flags & OPEN.accessMode) === READ_ONLY || node.kind !== 'file') throw new FileError('EINVAL');
    if (!(size >= 0)) throw new FileError('EINVAL');
    this.#resize(node, size);
  }

  status(path: string): FileStatus {
    return statusOf(this.#existing(path));
  }

  statusOfOpen(descriptor: number): FileStatus {
    return statusOf(this.opened(descriptor).node);
  }

  makeDirectory(path: string): void {
    if (this.#find(path)) throw new FileError('EEXIST');
    this.#link(path, this.#directory());
  }

  removeDirectory(path: string): void {
    const node = this.#existing(path);
    if (node.kind !== 'directory') throw new FileError('ENOTDIR');
    if (node === this.#root) throw new FileError('EBUSY');
    if (node.entries.size > 0) throw new FileError('ENOTEMPTY');
    this.#unlink(path);
    this.#nodes -= 1;
  }

  removeFile(path: string): void {
    const node = this.#existing(path);
    if (node.kind === 'directory') throw new FileError('EISDIR');
    this.#unlink(path);
    if (node.kind !== 'file') return;
    node.linked = false;
    this.#releaseIfUnused(node);
  }

  rename(from: string, to: string): void {
    const node = this.#existing(from);
    const target = this.#find(to);
    if (target === node) return;
    if (node.kind === 'directory' && `${normalised(to)}/`.startsWith(`${normalised(from)}/`)) {
      throw new FileError('EINVAL');
    }
    const { directory, name } = this.#parent(to);
    if (target?.kind === 'directory') this.removeDirectory(to);
    else if (target) this.removeFile(to);
    this.#unlink(from);
    directory.entries.set(name, node);
  }

  /** The directory a relative path starts at. */
  directoryOf(descriptor: number): string {
    if (descriptor === CURRENT_DIRECTORY) return '/';
    const { node, path } = this.opened(descriptor);
    if (node.kind !== 'directory') throw new FileError('ENOTDIR');
    return path;
  }

  #install(file: OpenFile, descriptor: number): number {
    // Both descriptors share one position, so they share one record.
    this.#open[descriptor] = file;
    if (file.node.kind === 'file') file.node.opens += 1;
    return descriptor;
  }

  #freeDescriptor(minimum: number): number {
    for (let descriptor = Math.max(0, minimum); descriptor < MAX_OPEN_FILES; descriptor++) {
      if (!this.#open[descriptor]) return descriptor;
    }
    throw new FileError('EMFILE');
  }

  #find(path: string): FileNode | undefined {
    let node: FileNode | undefined = this.#root;
    for (const name of segments(path)) {
      if (node?.kind !== 'directory') return undefined;
      node = node.entries.get(name);
    }
    return node;
  }

  #existing(path: string): FileNode {
    const node = this.#find(path);
    if (!node) throw new FileError('ENOENT');
    return node;
  }

  #parent(path: string): { directory: Directory; name: string } {
    const names = segments(path);
    const name = names.pop();
    if (name === undefined) throw new FileError('EINVAL');
    if (name.length > MAX_NAME) throw new FileError('ENAMETOOLONG');
    const directory = this.#existing(`/${names.join('/')}`);
    if (directory.kind !== 'directory') throw new FileError('ENOTDIR');
    return { directory, name };
  }

  #link<Node extends FileNode>(path: string, node: Node): Node {
    const { directory, name } = this.#parent(path);
    directory.entries.set(name, node);
    return node;
  }

  #unlink(path: string): void {
    const { directory, name } = this.#parent(path);
    directory.entries.delete(name);
  }

  #releaseIfUnused(file: RegularFile): void {
    if (file.linked || file.opens > 0) return;
    this.#usedBytes -= file.bytes.length;
    this.#nodes -= 1;
    file.bytes = new Uint8Array(0);
    file.size = 0;
  }

  #resize(file: RegularFile, size: number): void {
    if (size > MAX_BYTES) throw new FileError('EFBIG');
    if (size > file.bytes.length) {
      const capacity = Math.min(MAX_BYTES, Math.max(size, file.bytes.length * 2, 256));
      if (this.#usedBytes - file.bytes.length + capacity > MAX_BYTES) throw new FileError('ENOSPC');
      const bytes = new Uint8Array(capacity);
      bytes.set(file.bytes.subarray(0, file.size));
      this.#usedBytes += capacity - file.bytes.length;
      file.bytes = bytes;
    }
    if (size < file.size) file.bytes.fill(0, size, file.size);
    file.size = size;
  }

  #inode(): number {
    if (this.#nodes >= MAX_NODES) throw new FileError('ENOSPC');
    this.#nodes += 1;
    return this.#nodes;
  }

  #directory(entries: Record<string, FileNode> = {}): Directory {
    return { kind: 'directory', inode: this.#inode(), entries: new Map(Object.entries(entries)) };
  }

  #device(read: (target: Uint8Array) => number): Device {
    return { kind: 'device', inode: this.#inode(), read };
  }

  #file(): RegularFile {
    return { kind: 'file', inode: this.#inode(), bytes: new Uint8Array(0), size: 0, linked: true, opens: 0 };
  }
}

function statusOf(node: FileNode): FileStatus {
  if (node.kind === 'directory') return { mode: 0o40777, size: 4096, inode: node.inode };
  if (node.kind === 'device') return { mode: 0o20666, size: 0, inode: node.inode };
  return { mode: 0o100666, size: node.size, inode: node.inode };
}

function segments(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}

function normalised(path: string): string {
  return `/${segments(path).join('/')}`;
}

/** Every computer must see the same bytes, so this source has one fixed seed (xorshift32). */
function pseudoRandomBytes(): (target: Uint8Array) => number {
  let state = 0x9e3779b9;
  return (target) => {
    for (let index = 0; index < target.length; index++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      target[index] = state;
    }
    return target.length;
  };
}
