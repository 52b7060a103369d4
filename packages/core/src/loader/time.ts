import type { Host, HostFunctions } from './host.ts';
import { formatTime } from './strftime.ts';

const YEAR_OFFSET = 1900;
const DAY_MS = 86_400_000;
const ZONE = 'UTC';
const OLD_ZONE = 'Coordinated Universal Time';
const ZONE_BUFFER = 7;

/** Clocks and calendars. The clock is the host's count of its own readings; local time is UTC. */
export function time(host: Host): HostFunctions {
  const dateNow = () => (host.format.dateTicks ? host.tick() : 0);
  const calendar = (...args: number[]): number => {
    const { memory } = host;
    const [first = 0, second = 0, third] = args;
    const seconds =
      third !== undefined
        ? (first >>> 0) + second * 2 ** 32
        : host.abi === 'old'
          ? host.memory.readI32(first)
          : first;
    const address = memory.unsigned(third ?? second);
    writeCalendar(host, address, new Date(seconds * 1000));
    return address;
  };

  return {
    emscripten_date_now: dateNow,
    _emscripten_date_now: dateNow,
    emscripten_get_now: () => (host.format.nowTicks ? host.tick() : 0),
    _emscripten_get_now_is_monotonic: () => 1,
    clock_time_get: (_clock = 0, _precision = 0, result = 0) => {
      host.memory.writeI64(result, host.tick() * 1e6);
      return 0;
    },
    _gmtime_js: (...args) => void calendar(...args),
    _localtime_js: (...args) => {
      const address = calendar(...args);
      host.memory.writeU32(address + 32, 0);
      if (host.memory.wide) host.memory.writeI64(address + 40, 0);
      else host.memory.writeU32(address + 36, 0);
      return undefined;
    },
    _mktime_js: (tm = 0) => makeTime(host, host.memory.unsigned(tm)),
    _tzset_js: (...args) => {
      const [timezone = 0, daylight = 0] = args;
      host.memory.writePointer(timezone, 0);
      host.memory.writeU32(daylight, 0);
      if (args.length === 3) allocateZoneNames(host, args[2] ?? 0);
      else for (const buffer of args.slice(2)) writeZoneName(host, buffer);
      return undefined;
    },
    strftime: (target = 0, size = 0, pattern = 0, tm = 0) =>
      formatTime(host.memory, target, size, pattern, tm),
    strftime_l: (target = 0, size = 0, pattern = 0, tm = 0) =>
      formatTime(host.memory, target, size, pattern, tm),
  };
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS);
}

function writeCalendar(host: Host, address: number, date: Date): void {
  const fields = [
    date.getUTCSeconds(),
    date.getUTCMinutes(),
    date.getUTCHours(),
    date.getUTCDate(),
    date.getUTCMonth(),
    date.getUTCFullYear() - YEAR_OFFSET,
    date.getUTCDay(),
    dayOfYear(date),
  ];
  fields.forEach((value, index) => {
    host.memory.writeU32(address + index * 4, value);
  });
}

/** Normalises a `struct tm` and returns its seconds since 1970. */
function makeTime(host: Host, tm: number): number {
  const { memory } = host;
  const field = (index: number) => memory.readI32(tm + index * 4);
  const date = new Date(Date.UTC(field(5) + YEAR_OFFSET, field(4), field(3), field(2), field(1), field(0)));
  const year = field(5);
  if (field(8) < 0) memory.writeU32(tm + 32, 0);
  writeCalendar(host, tm, date);
  if (host.abi === 'old') memory.writeU32(tm + 20, year);

  const seconds = Number.isNaN(date.getTime()) ? -1 : date.getTime() / 1000;
  if (host.abi === 'new') {
    host.guest.find('_emscripten_tempret_set', 'setTempRet0')?.(Math.floor(seconds / 2 ** 32));
  }
  return seconds;
}

/**
 * The oldest C libraries take pointers to names the host allocates, once. Whether it was done is read from the
 * memory, so that a restored process behaves like one that never stopped.
 */
function allocateZoneNames(host: Host, names: number): void {
  const { memory } = host;
  const start = memory.unsigned(names);
  if (memory.readPointer(start) !== 0) return;
  const allocate = () => {
    const address = host.guest.malloc(OLD_ZONE.length + 1);
    memory.writeString(address, OLD_ZONE);
    return address;
  };
  const standard = allocate();
  const summer = allocate();
  memory.writePointer(start, summer);
  memory.writePointer(start + memory.pointerSize, standard);
}

function writeZoneName(host: Host, buffer: number): void {
  // The third format cuts the long name to the buffer; the later ones have the short name.
  const name = host.format.main === 'none' ? ZONE : OLD_ZONE;
  host.memory.writeString(buffer, name.slice(0, ZONE_BUFFER - 1));
}
