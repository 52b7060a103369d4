import { AoError } from '@ao-ts/core';
import type { Tag } from '@ao-ts/core/ans104';

/** How often a cron fires, counted from the block or the second in which its process was scheduled. */
export type Interval =
  | { unit: 'blocks'; every: number }
  | { unit: 'seconds'; every: number }
  /** Of the calendar, in UTC. */
  | { unit: 'months'; every: number };

export interface Cron {
  /** `<index>-<interval text>`: the name under which its results are listed. */
  id: string;
  interval: Interval;
  /** Tags of the messages it makes. */
  tags: Tag[];
}

export interface CronDefinitions {
  /** In the order they fire in at one block or one second. */
  blocks: Cron[];
  times: Cron[];
  /** What is wrong with the tags; such crons do not fire. */
  problem: AoError | undefined;
}

const TAG_PREFIX = 'Cron-Tag-';
const SECONDS: Record<string, number> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_557_600,
};
const UNIT =
  /^(?:(?<ms>ms|msecs?|milliseconds?)|(?<s>s|secs?|seconds?)|(?<m>m|mins?|minutes?)|(?<h>h|hrs?|hours?)|(?<d>d|days?)|(?<w>w|weeks?)|(?<y>y|yrs?|years?)|(?<blocks>blocks?)|(?<months>months?))$/i;
const SECONDS_OF_MONTH = 2_629_800;

/** Reads the crons a process declares in its tags. */
export function readCrons(tags: readonly Tag[]): CronDefinitions {
  const found: { text: string; interval: Interval | undefined; tags: Tag[] }[] = [];
  let problem: AoError | undefined;
  for (const { name, value } of tags) {
    if (name === 'Cron-Interval') {
      const interval = readInterval(value);
      if (!interval)
        problem ??= invalid(`Cron-Interval '${value}' is not understood: use for example '5-minutes'.`);
      found.push({ text: value, interval, tags: [] });
    } else if (name.startsWith(TAG_PREFIX)) {
      const cron = found.at(-1);
      if (!cron) problem ??= invalid(`Unmatched Cron-Tag with no preceding Cron-Interval: ${name}`);
      cron?.tags.push({ name: name.slice(TAG_PREFIX.length), value });
    }
  }
  const named = (unit: (interval: Interval) => boolean): Cron[] =>
    found
      .flatMap(({ interval, ...rest }) => (interval && unit(interval) ? [{ ...rest, interval }] : []))
      .sort((a, b) => length(a.interval) - length(b.interval))
      .map(({ text, interval, tags }, index) => ({ id: `${index}-${text}`, interval, tags }));
  return {
    blocks: named((interval) => interval.unit === 'blocks'),
    times: named((interval) => interval.unit !== 'blocks'),
    problem,
  };
}

function readInterval(text: string): Interval | undefined {
  const [amount = '', unit = ''] = text.split('-').map((part) => part.trim());
  const groups = UNIT.exec(unit)?.groups;
  const count = /^\d+(\.\d+)?$/.test(amount) ? Number(amount) : 0;
  if (!groups) return undefined;
  const of = (unit: Interval['unit'], every: number) =>
    Number.isSafeInteger(every) && every > 0 ? { unit, every } : undefined;
  if (groups.blocks) return of('blocks', count);
  if (groups.months) return of('months', count);
  const [name = ''] = Object.entries(groups).find(([, matched]) => matched !== undefined) ?? [];
  return of('seconds', Math.floor(count * (SECONDS[name] ?? 0)));
}

/** Block crons stay in the order of their tags; the others are ordered by how often they fire. */
function length({ unit, every }: Interval): number {
  if (unit === 'blocks') return 0;
  return unit === 'months' ? every * SECONDS_OF_MONTH : every;
}

function invalid(message: string): AoError {
  return new AoError('CRON.INVALID', message, { action: 'never' });
}
