/**
 * Modules of the first format were built with their imports and exports renamed to single letters; all imports come
 * from the module `a`.
 */
export const V1_IMPORT_MODULE = 'a';

export const V1_IMPORTS: Readonly<Record<string, string>> = {
  a: '_emscripten_date_now',
  A: '_emscripten_get_now_is_monotonic',
  b: 'setTempRet0',
  B: '_gmtime_js',
  c: 'fd_close',
  C: '_localtime_js',
  d: '__syscall_fcntl64',
  D: 'abort',
  e: '__syscall_unlinkat',
  f: 'fd_write',
  g: '__syscall_openat',
  h: 'getTempRet0',
  i: '_mktime_js',
  j: '_tzset_js',
  k: 'emscripten_memcpy_big',
  l: 'exit',
  m: 'system',
  n: 'strftime',
  o: 'fd_seek',
  p: '_emscripten_throw_longjmp',
  q: 'emscripten_resize_heap',
  r: '__syscall_lstat64',
  s: '__syscall_renameat',
  t: '__syscall_rmdir',
  u: 'environ_get',
  v: 'environ_sizes_get',
  w: '__syscall_dup3',
  x: 'invoke_vii',
  y: 'fd_read',
  z: '__syscall_ioctl',
};

export const V1_EXPORTS: Readonly<Record<string, string>> = {
  E: 'memory',
  F: '__wasm_call_ctors',
  G: 'handle',
  H: 'main',
  I: '__indirect_function_table',
  J: 'malloc',
  K: '__errno_location',
  L: 'setThrew',
  M: 'stackSave',
  N: 'stackRestore',
  O: 'stackAlloc',
};

/** True for the exports of a module of the first format. */
export function hasV1Names(exports: object): boolean {
  return !('memory' in exports);
}
