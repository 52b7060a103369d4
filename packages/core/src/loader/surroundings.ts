import { ERRNO } from './errno.ts';
import { exited, trap } from './failures.ts';
import type { Host, HostFunctions } from './host.ts';

/**
 * The program name every computer shows: it is copied into the memory of older modules, so it is part of the
 * state all of them have to agree on.
 */
export const PROGRAM_NAME = './this.program';

const ENVIRONMENT = [
  'USER=web_user',
  'LOGNAME=web_user',
  'PATH=/',
  'PWD=/',
  'HOME=/home/web_user',
  'LANG=C.UTF-8',
  `_=${PROGRAM_NAME}`,
];

/** The program's surroundings and its end. There is no shell, no dynamic linking and no signal. */
export function surroundings(host: Host): HostFunctions {
  const variables = host.format.environment ? ENVIRONMENT : [];
  const exit = (status = 0): never => {
    throw host.fail(exited(status));
  };
  const abort = (): never => {
    throw host.fail(trap('the program aborted'));
  };
  const text = (address: number) => (address === 0 ? '' : (host.memory.string(address, 1024) ?? ''));

  return {
    exit,
    proc_exit: exit,
    abort,
    _abort_js: abort,
    __assert_fail: (condition = 0, file = 0, line = 0) => {
      throw host.fail(trap(`assertion failed: ${text(condition)} (${text(file)}:${line})`));
    },
    __cxa_throw: () => {
      throw host.fail(trap('the program threw a C++ exception nobody catches'));
    },
    _dlopen_js: () => {
      throw host.fail(trap('the program tried to load a library'));
    },
    _dlsym_js: () => {
      throw host.fail(trap('the program tried to load a library'));
    },
    _dlinit: () => undefined,
    emscripten_err: () => undefined,
    _mmap_js: () => -ERRNO.ENOSYS,
    _munmap_js: () => 0,
    _emscripten_system: (command = 0) => (command === 0 ? 0 : -ERRNO.ENOSYS),
    system: (command = 0) => {
      if (command === 0) return 0;
      const errno = host.guest.find('__errno_location')?.();
      if (errno !== undefined) host.memory.writeU32(Number(errno), ERRNO.ENOSYS);
      return -1;
    },
    environ_sizes_get: (count = 0, bytes = 0) => {
      host.memory.writePointer(count, variables.length);
      host.memory.writePointer(
        bytes,
        variables.reduce((total, variable) => total + variable.length + 1, 0),
      );
      return 0;
    },
    environ_get: (pointers = 0, buffer = 0) => {
      const table = host.memory.unsigned(pointers);
      let address = host.memory.unsigned(buffer);
      variables.forEach((variable, index) => {
        host.memory.writePointer(table + index * host.memory.pointerSize, address);
        host.memory.writeString(address, variable);
        address += variable.length + 1;
      });
      return 0;
    },
    usegas: (amount = 0) => {
      host.gas.use(amount);
      return undefined;
    },
    metering_gasUsed: () => host.gas.used,
  };
}
