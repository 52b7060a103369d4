import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CronProgress, CronSchedule } from './cron-schedule.ts';
import { readCrons } from './cron-tags.ts';

const START = 1_700_000_000_250;
const ORIGIN = { timestamp: START, blockHeight: 100 };
const interval = (value: string) => ({ name: 'Cron-Interval', value });

/** Blocks of 7 seconds, the first at the second of the origin. */
const blockTime = async (height: number) => (Math.floor(START / 1000) + (height - 100) * 7) * 1000;
const heightAt = (time: number) => 100 + Math.floor((Math.floor(time / 1000) - Math.floor(START / 1000)) / 7);
const at = (ms: number) => ({ timestamp: START + ms, blockHeight: heightAt(START + ms) });

const scheduleOf = (...values: string[]) =>
  new CronSchedule(readCrons(values.map(interval)), ORIGIN, blockTime);

/** What fires between messages at the given times, when somebody asks at the other given times. */
async function run(
  schedule: CronSchedule,
  messages: number[],
  polls: number[],
  end: number,
): Promise<string[]> {
  let progress: CronProgress = schedule.start();
  const fired: string[] = [];
  const drain = async (next: () => ReturnType<CronSchedule['nextUntil']>) => {
    for (let firing = await next(); firing; firing = await next()) {
      progress = firing.progress;
      fired.push(`${firing.cron.id}@${firing.timestamp - START}#${firing.blockHeight}`);
    }
  };
  const events = [
    ...[0, ...messages].map((ms) => ({ ms, message: true })),
    ...[...polls, end].map((ms) => ({ ms, message: false })),
  ].sort((a, b) => a.ms - b.ms || Number(b.message) - Number(a.message));
  for (const { ms, message } of events) {
    if (message) {
      await drain(() => schedule.nextBefore(progress, at(ms)));
      progress = schedule.pass(progress, at(ms));
      fired.push(`message@${ms}`);
    } else await drain(() => schedule.nextUntil(progress, at(ms)));
  }
  return fired;
}

describe('crons', () => {
  test('fire at every multiple of their period after the origin, never at the origin itself', async () => {
    expect(await run(scheduleOf('2-seconds'), [], [], 5000)).toEqual([
      'message@0',
      '0-2-seconds@2000#100',
      '0-2-seconds@4000#100',
    ]);
  });

  test('fire at the offset of the message before them, once in each second', async () => {
    const fired = await run(scheduleOf('1-second'), [1300, 2100, 2900], [], 3500);
    expect(fired).toEqual([
      'message@0',
      '0-1-second@1000#100',
      'message@1300',
      'message@2100',
      '0-1-second@2100#100',
      'message@2900',
      '0-1-second@2900#100',
    ]);
  });

  test('of one second fire in the order of their periods, blocks before seconds', async () => {
    const fired = await run(scheduleOf('3-seconds', '1-block', '7-seconds', '2-blocks'), [], [], 14_500);
    expect(fired.filter((text) => !text.includes('3-seconds'))).toEqual([
      'message@0',
      '0-1-block@6750#101',
      '1-7-seconds@7000#101',
      '0-1-block@13750#102',
      '1-2-blocks@13750#102',
    ]);
  });

  test('of months fire on the same day, or on the last one', async () => {
    const origin = { timestamp: Date.UTC(2024, 0, 31, 12), blockHeight: 1 };
    const schedule = new CronSchedule(readCrons([interval('1-month')]), origin, blockTime);
    const fired: string[] = [];
    let progress = schedule.start();
    for (let count = 0; count < 4; count++) {
      const firing = await schedule.nextUntil(progress, { timestamp: Date.UTC(2030, 0, 1), blockHeight: 9 });
      if (!firing) break;
      progress = firing.progress;
      fired.push(new Date(firing.timestamp).toISOString());
    }
    expect(fired.map((text) => text.slice(0, 13))).toEqual([
      '2024-02-29T12',
      '2024-03-31T12',
      '2024-04-30T12',
      '2024-05-31T12',
    ]);
  });

  test('do not depend on who asked when', async () => {
    const kinds = ['1-second', '3-seconds', '10-seconds', '1-block', '2-blocks', '3-blocks'];
    const times = fc.uniqueArray(fc.integer({ min: 1, max: 60_000 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom(...kinds), { minLength: 1, maxLength: 4 }),
        times,
        times,
        async (crons, messages, polls) => {
          const schedule = scheduleOf(...crons);
          const asked = await run(schedule, messages, polls, 60_000);
          const alone = await run(schedule, messages, [], 60_000);
          expect(asked).toEqual(alone);
          expect(new Set(asked).size).toBe(asked.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('cron tags', () => {
  const read = (...tags: [string, string][]) => readCrons(tags.map(([name, value]) => ({ name, value })));

  test('are numbered per kind; times by their period, blocks as they stand', () => {
    const { blocks, times, problem } = read(
      ['Cron-Interval', '1 - hour'],
      ['Cron-Tag-Action', 'Slow'],
      ['Cron-Interval', '5-blocks'],
      ['Cron-Interval', '10-Seconds'],
      ['Cron-Tag-Action', 'Fast'],
      ['Cron-Tag-X', 'y'],
      ['Cron-Interval', '2-blocks'],
    );
    expect(problem).toBeUndefined();
    expect(blocks.map(({ id }) => id)).toEqual(['0-5-blocks', '1-2-blocks']);
    expect(times).toEqual([
      {
        id: '0-10-Seconds',
        interval: { unit: 'seconds', every: 10 },
        tags: [
          { name: 'Action', value: 'Fast' },
          { name: 'X', value: 'y' },
        ],
      },
      {
        id: '1-1 - hour',
        interval: { unit: 'seconds', every: 3600 },
        tags: [{ name: 'Action', value: 'Slow' }],
      },
    ]);
  });

  test.each([['500-ms'], ['0-seconds'], ['x'], ['5-parsecs'], ['-1-block'], ['1.5-blocks']])(
    '%s is reported and does not fire',
    (value) => {
      const { blocks, times, problem } = read(['Cron-Interval', value], ['Cron-Interval', '1-minute']);
      expect(problem?.code).toBe('CRON.INVALID');
      expect([...blocks, ...times]).toHaveLength(1);
    },
  );

  test('a tag without an interval is reported', () => {
    expect(read(['Cron-Tag-Action', 'x']).problem?.message).toBe(
      'Unmatched Cron-Tag with no preceding Cron-Interval: Cron-Tag-Action',
    );
  });
});
