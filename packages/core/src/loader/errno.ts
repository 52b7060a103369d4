/** Error numbers of WASI, which Emscripten's C library uses. System calls return them negated. */
export const ERRNO = {
  EBADF: 8,
  EEXIST: 20,
  EFBIG: 22,
  EINVAL: 28,
  EISDIR: 31,
  EMFILE: 33,
  ENAMETOOLONG: 37,
  ENOENT: 44,
  ENOSPC: 51,
  ENOSYS: 52,
  ENOTDIR: 54,
  ENOTEMPTY: 55,
  ENOTTY: 59,
  EBUSY: 10,
  EPERM: 63,
  ERANGE: 68,
  ESPIPE: 70,
} as const;

/** Thrown inside the file system; the system call it ends returns `errno` to the program. */
export class FileError extends Error {
  readonly errno: number;

  constructor(errno: keyof typeof ERRNO) {
    super(errno);
    this.errno = ERRNO[errno];
  }
}
