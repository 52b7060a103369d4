import type { AoError } from '@ao-ts/core';
import type { Cron, CronDefinitions } from './cron-tags.ts';

/** How far the crons of a process have fired. */
export interface CronProgress {
  /** The scheduled message after which they fire now. */
  left: { timestamp: number; blockHeight: number };
  /** The next second, and the first cron at it, that have not been looked at. */
  second: number;
  secondIndex: number;
  /** The same for blocks. */
  block: number;
  blockIndex: number;
}

/** Whether none has fired since the scheduled message on the left. */
export function untouched({ secondIndex, blockIndex }: CronProgress): boolean {
  return secondIndex === 0 && blockIndex === 0;
}

/** A cron that fires. */
export interface CronFiring {
  cron: Cron;
  timestamp: number;
  blockHeight: number;
  /** After it has fired. */
  progress: CronProgress;
}

interface Place {
  at: number;
  index: number;
}

/**
 * When the crons of a process fire. All follows from its schedule: the second and the block of its origin, and the
 * messages between which a second or a block falls. Each second and each block counts once. So the crons are the same
 * whoever asks, and however often.
 */
export class CronSchedule {
  readonly #crons: CronDefinitions;
  readonly #origin: { timestamp: number; blockHeight: number };
  /** Unix milliseconds of a block. */
  readonly #blockTime: (height: number) => Promise<number>;

  constructor(
    crons: CronDefinitions,
    origin: { timestamp: number; blockHeight: number },
    blockTime: (height: number) => Promise<number>,
  ) {
    this.#crons = crons;
    this.#origin = origin;
    this.#blockTime = blockTime;
  }

  /** What is wrong with the tags of the process. */
  get problem(): AoError | undefined {
    return this.#crons.problem;
  }

  /** Whether anything ever fires. */
  get any(): boolean {
    return this.#crons.blocks.length + this.#crons.times.length > 0;
  }

  /** Before the first message. Crons do not fire at the origin itself. */
  start(): CronProgress {
    const { timestamp, blockHeight } = this.#origin;
    return {
      left: { timestamp, blockHeight },
      second: seconds(timestamp) + 1,
      secondIndex: 0,
      block: blockHeight + 1,
      blockIndex: 0,
    };
  }

  /** Right after a scheduled message, of which only the one before it is known. */
  resume(
    before: { timestamp: number; blockHeight: number },
    message: { timestamp: number; blockHeight: number },
  ) {
    return this.pass({ ...this.start(), left: before }, message);
  }

  /** Past a scheduled message: what did not fire before it will not fire any more, unless its second or block is later. */
  pass(progress: CronProgress, message: { timestamp: number; blockHeight: number }): CronProgress {
    const { timestamp, blockHeight } = message;
    // The last second that could have fired before the message, at the offset of the message on the left.
    const last = seconds(timestamp - 1 - offset(progress.left.timestamp));
    const time = later({ at: progress.second, index: progress.secondIndex }, { at: last + 1, index: 0 });
    const block = later(
      { at: progress.block, index: progress.blockIndex },
      { at: blockHeight + 1, index: 0 },
    );
    return {
      left: { timestamp, blockHeight },
      second: time.at,
      secondIndex: time.index,
      block: block.at,
      blockIndex: block.index,
    };
  }

  /** The next cron that fires before that message. */
  nextBefore(
    progress: CronProgress,
    message: { timestamp: number; blockHeight: number },
  ): Promise<CronFiring | undefined> {
    return this.#next(progress, message.timestamp, message.blockHeight);
  }

  /**
   * The next cron that fires up to that moment of the scheduler, with no message in sight. Where both kinds exist, a
   * second fires only when all blocks before it are known: a block that is heard of later would otherwise come in
   * between, or not, depending on who asked when.
   */
  async nextUntil(
    progress: CronProgress,
    now: { timestamp: number; blockHeight: number },
  ): Promise<CronFiring | undefined> {
    const both = this.#crons.blocks.length > 0 && this.#crons.times.length > 0;
    const certain = both ? Math.min(now.timestamp, await this.#blockTime(now.blockHeight)) : now.timestamp;
    return this.#next(progress, certain + 1, now.blockHeight);
  }

  /** `before` in ms, exclusive; `height` inclusive. */
  async #next(progress: CronProgress, before: number, height: number): Promise<CronFiring | undefined> {
    const block = this.#nextBlock(progress, height);
    const time = this.#nextTime(progress, before);
    if (!block) return time && this.#fireTime(progress, time);
    const timestamp = await this.#blockTime(block.at);
    if (time && time.at < seconds(timestamp)) return this.#fireTime(progress, time);
    return {
      cron: block.cron,
      timestamp,
      blockHeight: block.at,
      progress: { ...progress, block: block.at, blockIndex: block.index + 1 },
    };
  }

  #fireTime(progress: CronProgress, { cron, at, index }: Place & { cron: Cron }): CronFiring {
    return {
      cron,
      timestamp: at * 1000 + offset(progress.left.timestamp),
      blockHeight: this.#crons.blocks.length > 0 ? lastBlock(progress) : progress.left.blockHeight,
      progress: { ...progress, second: at, secondIndex: index + 1 },
    };
  }

  #nextTime(progress: CronProgress, before: number): (Place & { cron: Cron }) | undefined {
    const origin = seconds(this.#origin.timestamp);
    const from = later(
      { at: progress.second, index: progress.secondIndex },
      { at: seconds(progress.left.timestamp), index: 0 },
    );
    const found = earliest(this.#crons.times, from, (cron, at) => nextSecond(cron, origin, at));
    const fires = found && found.at * 1000 + offset(progress.left.timestamp) < before;
    return fires ? found : undefined;
  }

  #nextBlock(progress: CronProgress, height: number): (Place & { cron: Cron }) | undefined {
    const origin = this.#origin.blockHeight;
    const from = { at: progress.block, index: progress.blockIndex };
    const found = earliest(this.#crons.blocks, from, ({ interval }, at) =>
      multiple(origin, interval.every, at),
    );
    return found && found.at <= height ? found : undefined;
  }
}

/** The first cron at or after `from`; of several at one place, those from the given index on. */
function earliest(
  crons: readonly Cron[],
  from: Place,
  next: (cron: Cron, at: number) => number,
): (Place & { cron: Cron }) | undefined {
  let found: (Place & { cron: Cron }) | undefined;
  crons.forEach((cron, index) => {
    const at = next(cron, index < from.index ? from.at + 1 : from.at);
    if (!found || at < found.at) found = { cron, at, index };
  });
  return found;
}

function nextSecond({ interval }: Cron, origin: number, at: number): number {
  if (interval.unit !== 'months') return multiple(origin, interval.every, at);
  const start = new Date(origin * 1000);
  const end = new Date(at * 1000);
  const months =
    (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() - start.getUTCMonth();
  let count = Math.max(1, Math.floor(months / interval.every));
  while (monthsAfter(start, count * interval.every) < at) count += 1;
  return monthsAfter(start, count * interval.every);
}

/** The same day and time of day, so many months later; of shorter months the last day. In seconds. */
function monthsAfter(start: Date, months: number): number {
  const date = new Date(start);
  date.setUTCDate(1);
  date.setUTCMonth(start.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(start.getUTCDate(), lastDay));
  return seconds(date.getTime());
}

/** The first of origin + every, origin + 2·every, … that is not below `at`. */
function multiple(origin: number, every: number, at: number): number {
  return origin + Math.max(1, Math.ceil((at - origin) / every)) * every;
}

/** The last block that was looked at. */
function lastBlock({ block, blockIndex }: CronProgress): number {
  return blockIndex > 0 ? block : block - 1;
}

function later(a: Place, b: Place): Place {
  if (a.at !== b.at) return a.at > b.at ? a : b;
  return a.index > b.index ? a : b;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function offset(ms: number): number {
  return ms % 1000;
}
