import type { GuestMemory } from './guest-memory.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const ZONE_LIMIT = 256;
const PATTERN_LIMIT = 65_536;

interface Calendar {
  readonly second: number;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly year: number;
  readonly weekday: number;
  readonly yearday: number;
  readonly offset: number;
  readonly zone: string;
}

const COMPOSED: Record<string, string> = {
  c: '%a %b %d %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  h: '%b',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
};

const CONVERSIONS: Record<string, (time: Calendar) => string> = {
  a: (time) => WEEKDAYS[time.weekday]?.slice(0, 3) ?? '?',
  A: (time) => WEEKDAYS[time.weekday] ?? '?',
  b: (time) => MONTHS[time.month]?.slice(0, 3) ?? '?',
  B: (time) => MONTHS[time.month] ?? '?',
  C: (time) => padded(Math.trunc(time.year / 100)),
  d: (time) => padded(time.day),
  e: (time) => String(time.day).padStart(2, ' '),
  g: (time) => String(isoWeek(time).year).slice(2),
  G: (time) => String(isoWeek(time).year),
  H: (time) => padded(time.hour),
  I: (time) => padded(time.hour % 12 || 12),
  j: (time) => padded(time.yearday + 1, 3),
  m: (time) => padded(time.month + 1),
  M: (time) => padded(time.minute),
  n: () => '\n',
  p: (time) => (time.hour >= 0 && time.hour < 12 ? 'AM' : 'PM'),
  S: (time) => padded(time.second),
  t: () => '\t',
  u: (time) => String(time.weekday || 7),
  U: (time) => padded(Math.floor((time.yearday + 7 - time.weekday) / 7)),
  V: (time) => padded(isoWeek(time).week),
  w: (time) => String(time.weekday),
  W: (time) => padded(Math.floor((time.yearday + 7 - ((time.weekday + 6) % 7)) / 7)),
  y: (time) => String(time.year).slice(2),
  Y: (time) => String(time.year),
  z: (time) => zoneOffset(time.offset),
  Z: (time) => time.zone,
  '%': () => '%',
};

/** C's `strftime`: writes the text and returns its bytes without the NUL, or 0 if `size` is too small. */
export function formatTime(
  memory: GuestMemory,
  target: number,
  size: number,
  pattern: number,
  tm: number,
): number {
  const text = memory.string(pattern, PATTERN_LIMIT);
  if (text === undefined) return 0;
  const formatted = Buffer.from(expand(text, readCalendar(memory, memory.unsigned(tm))), 'utf8');
  if (formatted.length + 1 > memory.unsigned(size)) return 0;
  memory.writeString(target, formatted);
  return formatted.length;
}

function expand(pattern: string, time: Calendar): string {
  // The modifiers E and O select forms of other locales; there is only the C locale here.
  return pattern.replace(/%([EO]?)(.)/gs, (whole, _modifier, conversion: string) => {
    const composed = COMPOSED[conversion];
    if (composed !== undefined) return expand(composed, time);
    return CONVERSIONS[conversion]?.(time) ?? whole;
  });
}

function readCalendar(memory: GuestMemory, tm: number): Calendar {
  const field = (index: number) => memory.readI32(tm + index * 4);
  const zone = memory.readPointer(tm + (memory.wide ? 48 : 40));
  return {
    second: field(0),
    minute: field(1),
    hour: field(2),
    day: field(3),
    month: field(4),
    year: field(5) + 1900,
    weekday: field(6),
    yearday: field(7),
    offset: memory.readI32(tm + (memory.wide ? 40 : 36)),
    zone: zone === 0 ? '' : (memory.string(zone, ZONE_LIMIT) ?? ''),
  };
}

/** The week by ISO 8601: weeks start on Monday, and the first one holds the first Thursday of its year. */
function isoWeek(time: Calendar): { year: number; week: number } {
  const thursday = new Date(Date.UTC(time.year, 0, 1 + time.yearday + 3 - ((time.weekday + 6) % 7)));
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) + 1;
  return { year, week };
}

function padded(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

function zoneOffset(seconds: number): string {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  return `${seconds >= 0 ? '+' : '-'}${padded(Math.floor(minutes / 60))}${padded(minutes % 60)}`;
}
