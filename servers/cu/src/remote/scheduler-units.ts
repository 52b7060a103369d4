import { AoError } from '@ao-ts/core';
import type { ScheduledProcess, SchedulePage } from '@ao-ts/core/schemas';
import type { ProcessDirectory, SchedulerClient } from '@ao-ts/server-kit';
import type { Horizon } from '../domain/agenda.ts';
import type { Schedules } from '../domain/engine.ts';
import type { PageRange } from '../domain/schedule-feed.ts';
import { readSlot, type Slot } from '../domain/slot.ts';
import { patiently } from './patiently.ts';

/** The Scheduler Units, each asked for the processes it keeps. */
export class SchedulerUnits implements Schedules {
  readonly #directory: ProcessDirectory;

  constructor(directory: ProcessDirectory) {
    this.#directory = directory;
  }

  process(processId: string): Promise<ScheduledProcess> {
    return this.#ask(processId, processId, (client) => client.process(processId));
  }

  page(processId: string, range: PageRange): Promise<SchedulePage> {
    return this.#ask(processId, processId, (client) => client.page(processId, range));
  }

  async slot(processId: string, id: string): Promise<Slot> {
    const slot = readSlot(processId, await this.#ask(processId, id, (client) => client.slot(processId, id)));
    // The schedule of an old process begins with its first message, whose result is not that of the spawn.
    if (id === processId && slot.messageId !== id) throw notFound(processId, 'its spawn');
    return slot;
  }

  async at(processId: string, nonce: number): Promise<Slot> {
    const { edges } = await this.page(processId, { from: nonce - 1, to: nonce, limit: 1 });
    const node = edges[0]?.node;
    if (!node) throw notFound(processId, `nonce ${nonce}`);
    return readSlot(processId, node);
  }

  async latest(processId: string): Promise<Slot> {
    return readSlot(processId, await this.#ask(processId, processId, (client) => client.latest(processId)));
  }

  now(processId: string): Promise<Horizon> {
    return this.#ask(processId, 'the time', (client) => client.time(processId));
  }

  async nonceAt(processId: string, timestamp: number): Promise<number> {
    const latest = await this.latest(processId);
    if (latest.timestamp <= timestamp) return latest.nonce;
    // Times grow with nonces: `early` is not later than asked, `late` is.
    let early = -1;
    let late = latest.nonce;
    while (late - early > 1) {
      const middle = Math.floor((early + late) / 2);
      if ((await this.at(processId, middle)).timestamp <= timestamp) early = middle;
      else late = middle;
    }
    return early;
  }

  #ask<T>(processId: string, what: string, ask: (client: SchedulerClient) => Promise<T>): Promise<T> {
    return patiently(
      () => this.#askOnce(processId, ask),
      () => notFound(processId, what),
    );
  }

  async #askOnce<T>(processId: string, ask: (client: SchedulerClient) => Promise<T>): Promise<T> {
    try {
      return await ask(await this.#directory.scheduler(processId));
    } catch (error) {
      if (!(await this.#directory.foundElsewhere(processId, error))) throw error;
      return ask(await this.#directory.scheduler(processId));
    }
  }
}

function notFound(processId: string, what: string): AoError {
  return new AoError('SCHEDULE.NOT_FOUND', `The scheduler of process ${processId} does not know ${what}.`, {
    action: 'fix',
    facts: { processId, what },
  });
}
