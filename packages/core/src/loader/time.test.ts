import { describe, expect, it } from 'vitest';
import { BareHost } from '../../test/loader/host.ts';
import { FORMAT } from '../../test/loader/wat.ts';

const TM = 512;
const MOMENT = Date.UTC(2024, 1, 29, 13, 5, 9) / 1000;
const FIELDS = [9, 5, 13, 29, 1, 124, 4, 59];

const fields = (host: BareHost) => FIELDS.map((_, index) => host.memory.readI32(TM + index * 4));
const breakDown = (host: BareHost, name: string, seconds: number) => {
  const { abi } = host.host;
  if (abi === 'wide') host.call(name, seconds, TM);
  else if (abi === 'new') host.call(name, seconds | 0, Math.floor(seconds / 2 ** 32), TM);
  else {
    host.memory.writeU32(256, seconds);
    host.call(name, 256, TM);
  }
};

describe.each(['old', 'new', 'wide'] as const)('calendar (%s structures)', (abi) => {
  it.each(['_gmtime_js', '_localtime_js'])('%s gives UTC', (name) => {
    const host = new BareHost(abi);
    host.memory.bytes(TM, 60).fill(0xff);
    breakDown(host, name, MOMENT);
    expect(fields(host)).toEqual(FIELDS);
    const zone = abi === 'wide' ? host.memory.readI32(TM + 40) : host.memory.readI32(TM + 36);
    expect([host.memory.readI32(TM + 32), zone]).toEqual(name === '_localtime_js' ? [0, 0] : [-1, -1]);
  });

  it('_mktime_js normalises and counts', () => {
    let high = 0;
    const host = new BareHost(abi, {
      exports: {
        _emscripten_tempret_set: (value) => {
          high = Number(value);
          return undefined;
        },
      },
    });
    // 60 January 2024, 13 h 4 min 69 s
    [69, 4, 13, 60, 0, 124, 0, 0, -1].forEach((value, index) => {
      host.memory.writeU32(TM + index * 4, value);
    });
    expect(host.call('_mktime_js', TM)).toBe(MOMENT);
    expect(fields(host)).toEqual(FIELDS);
    expect(host.memory.readI32(TM + 32)).toBe(0);
    host.memory.writeU32(TM + 20, 500);
    const later = host.call('_mktime_js', TM);
    expect(abi === 'new' ? high : Math.floor(later / 2 ** 32)).toBe(3);
  });
});

describe('time', () => {
  it('survives times no calendar has', () => {
    const host = new BareHost('wide');
    breakDown(host, '_gmtime_js', 1e17);
    expect(fields(host)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    host.memory.writeU32(TM + 20, 0x7fffffff);
    expect(host.call('_mktime_js', TM)).toBe(-1);
  });

  it('ticks per reading, where the format has a clock', () => {
    const host = new BareHost('wide');
    expect(host.call('emscripten_date_now')).toBe(10_000);
    expect(host.call('emscripten_get_now')).toBe(10_001);
    expect(host.call('clock_time_get', 0, 0, 256)).toBe(0);
    expect(host.memory.readI64(256)).toBe(10_002_000_000);
    expect(host.call('_emscripten_get_now_is_monotonic')).toBe(1);
    const second = new BareHost('old');
    expect([second.call('_emscripten_date_now'), second.call('emscripten_get_now')]).toEqual([0, 10_000]);
    const first = new BareHost('old', { format: FORMAT.v1 });
    expect([first.call('_emscripten_date_now'), first.call('emscripten_get_now')]).toEqual([0, 0]);
  });

  it('names the time zone in the buffers it is given', () => {
    const host = new BareHost('new');
    host.call('_tzset_js', 256, 264, 272, 288);
    expect([host.memory.string(272), host.memory.string(288)]).toEqual(['UTC', 'UTC']);
    const third = new BareHost('new', { format: FORMAT.v3 });
    third.call('_tzset_js', 256, 264, 272, 288);
    expect(third.memory.string(272)).toBe('Coordi');
  });

  it('allocates the names of the time zone once, by what the memory says', () => {
    let next = 8192;
    const exports = {
      malloc: (size: number | bigint) => {
        next += Number(size);
        return next;
      },
    };
    const host = new BareHost('old', { exports });
    host.call('_tzset_js', 256, 264, 272);
    const name = host.memory.readPointer(272);
    expect(host.memory.string(name)).toBe('Coordinated Universal Time');
    expect(host.memory.readPointer(276)).toBeLessThan(name);
    const before = next;
    host.call('_tzset_js', 256, 264, 272);
    expect(next).toBe(before);
  });
});

describe('strftime', () => {
  const format = (pattern: string, seconds = MOMENT, size = 200) => {
    const host = new BareHost('new');
    breakDown(host, '_gmtime_js', seconds);
    host.memory.writeU32(TM + 40, host.text('GMT'));
    const target = host.room(256);
    const length = host.call('strftime', target, size, host.text(pattern), TM);
    return length === 0 ? 0 : host.memory.string(target)?.slice(0, length);
  };

  it.each([
    ['%c', 'Thu Feb 29 13:05:09 2024'],
    ['%Y-%m-%d %H:%M:%S', '2024-02-29 13:05:09'],
    ['%A %a %B %b %h', 'Thursday Thu February Feb Feb'],
    ['%C %y %e %I %p %j', '20 24 29 01 PM 060'],
    ['%D %F %R %T %r', '02/29/24 2024-02-29 13:05 13:05:09 01:05:09 PM'],
    ['%x %X %u %w %U %W %V %G %g', '02/29/24 13:05:09 4 4 08 09 09 2024 24'],
    ['%z %Z %% %n %t', '+0000 GMT % \n \t'],
    ['%Ey %Od %EY %Q', '24 29 2024 %Q'],
    ['é', 'é'],
  ])('%s', (pattern, expected) => {
    expect(format(pattern)).toBe(expected);
  });

  it.each([
    [Date.UTC(2021, 0, 3), '53 2020'],
    [Date.UTC(2021, 0, 4), '01 2021'],
    [Date.UTC(2018, 11, 31), '01 2019'],
    [Date.UTC(2016, 0, 1), '53 2015'],
  ])('counts weeks by ISO 8601 (%i)', (milliseconds, expected) => {
    expect(format('%V %G', milliseconds / 1000)).toBe(expected);
  });

  it('returns 0 if the text does not fit', () => {
    expect(format('%Y', MOMENT, 4)).toBe(0);
    expect(format('%Y', MOMENT, 5)).toBe('2024');
  });
});
