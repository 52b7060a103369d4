import { AoError, isAoError } from '@ao-ts/core';
import { type Tag, tagValue, tagValues } from '@ao-ts/core/ans104';
import type { GatewayClient } from './clients/gateway.ts';
import { SchedulerClient, saidNotFound } from './clients/scheduler.ts';
import type { HttpClient } from './http-client.ts';

/** What never changes about a process, and where its history is kept. */
export interface KnownProcess {
  tags: readonly Tag[];
  /** Base URL of its scheduler. */
  schedulerUrl: string;
}

export interface DirectoryOptions {
  http: HttpClient;
  gateway: GatewayClient;
  /** A scheduler or router to ask first: fresh processes are there long before any gateway has them. */
  schedulerUrl?: string;
  /** Scheduler locations are believed this long at least, whatever they say of themselves. */
  minLocationAgeMs?: number;
}

const MAX_PROCESSES = 10_000;
const MIN_LOCATION_AGE_MS = 60_000;

/**
 * Finds the scheduler of a process. Its answers about what does not exist are definitive: an outage is an
 * error to retry, never a "not found".
 */
export class ProcessDirectory {
  readonly #options: DirectoryOptions;
  readonly #processes = new Map<string, KnownProcess>();
  readonly #locations = new Map<string, { url: string; readAt: number; until: number }>();
  readonly #schedulers = new Map<string, SchedulerClient>();
  /** Of the configured scheduler, once it has told it; empty if it has none. */
  #ownAddress: string | undefined;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** Keeps what is known of a process that this unit has seen scheduled. Tags of a process never change. */
  remember(processId: string, known: KnownProcess): void {
    if (this.#processes.size >= MAX_PROCESSES) {
      this.#processes.delete(this.#processes.keys().next().value ?? '');
    }
    this.#processes.set(processId, known);
  }

  /**
   * @param neighbour a process whose scheduler is asked too: what was just spawned there is not on a gateway yet
   * @throws AoError `PROCESS.NOT_FOUND` (definitive), `SCHEDULER.NOT_FOUND`, or an error to retry
   */
  async find(processId: string, neighbour?: string): Promise<KnownProcess> {
    const cached = this.#processes.get(processId);
    if (cached) return cached;
    const known =
      (await this.#atScheduler(processId, this.#options.schedulerUrl)) ??
      (await this.#atScheduler(processId, await this.#schedulerOf(neighbour))) ??
      (await this.#onGateway(processId));
    if (!known) {
      throw new AoError(
        'PROCESS.NOT_FOUND',
        `There is no process ${processId}: neither a scheduler nor the gateway knows it.`,
        {
          action: 'fix',
          facts: { processId },
        },
      );
    }
    this.remember(processId, known);
    return known;
  }

  /**
   * Looks again for a process whose scheduler failed with `error`: perhaps it has moved. True if it is elsewhere now; then
   * {@link find} gives the new place. The configured scheduler is where the configuration says, also while it is away.
   */
  async foundElsewhere(processId: string, error: unknown): Promise<boolean> {
    const known = this.#processes.get(processId);
    const away = isAoError(error) && error.action === 'retry';
    if (!known || !(away || saidNotFound(error))) return false;
    if (away && known.schedulerUrl === this.#options.schedulerUrl) return false;
    const schedulerUrl = await this.#urlNow(processId, known);
    if (schedulerUrl === known.schedulerUrl) return false;
    this.remember(processId, { ...known, schedulerUrl });
    return true;
  }

  /** The client of the scheduler that keeps the process. */
  async scheduler(processId: string): Promise<SchedulerClient> {
    return this.schedulerAt((await this.find(processId)).schedulerUrl);
  }

  schedulerAt(url: string): SchedulerClient {
    let client = this.#schedulers.get(url);
    if (!client) {
      client = new SchedulerClient(this.#options.http, url);
      this.#schedulers.set(url, client);
    }
    return client;
  }

  /**
   * Base URL of the scheduler with that address. The configured one is reached where the configuration says, which
   * inside a private network is another URL than the one it has published.
   * @param maxAgeMs how old the answer may be; without, as old as the scheduler allows itself
   * @throws AoError `SCHEDULER.NOT_FOUND`, or an error to retry
   */
  async locate(address: string, maxAgeMs = Number.POSITIVE_INFINITY): Promise<string> {
    const { schedulerUrl } = this.#options;
    if (schedulerUrl !== undefined && address === (await this.#addressAt(schedulerUrl))) return schedulerUrl;
    const known = this.#locations.get(address);
    if (known && Date.now() < Math.min(known.until, known.readAt + maxAgeMs)) return known.url;
    try {
      const location = await this.#options.gateway.schedulerLocation(address);
      if (!location) {
        throw new AoError(
          'SCHEDULER.NOT_FOUND',
          `The scheduler ${address} has published no Scheduler-Location with a Url; check the process's Scheduler tag.`,
          { action: 'fix', facts: { address } },
        );
      }
      const age = Math.max(location.timeToLiveMs, this.#minLocationAgeMs);
      const readAt = Date.now();
      this.#locations.set(address, { url: location.url, readAt, until: readAt + age });
      return location.url;
    } catch (error) {
      // A stale location beats none while the gateway is away.
      if (known && error instanceof AoError && error.action === 'retry') return known.url;
      throw error;
    }
  }

  get #minLocationAgeMs(): number {
    return this.#options.minLocationAgeMs ?? MIN_LOCATION_AGE_MS;
  }

  /** Where a known process is according to those who know today; where it was, if they do not. */
  async #urlNow(processId: string, { tags, schedulerUrl: before }: KnownProcess): Promise<string> {
    const { schedulerUrl } = this.#options;
    try {
      const there = before === schedulerUrl ? undefined : await this.#atScheduler(processId, schedulerUrl);
      const address = tagValue(tags, 'Scheduler');
      return there?.schedulerUrl ?? (address ? await this.locate(address, this.#minLocationAgeMs) : before);
    } catch (error) {
      if (error instanceof AoError) return before;
      throw error;
    }
  }

  /** Address of the configured scheduler; undefined if it is a router, or away just now. */
  async #addressAt(schedulerUrl: string): Promise<string | undefined> {
    if (this.#ownAddress !== undefined) return this.#ownAddress;
    try {
      this.#ownAddress = await this.schedulerAt(schedulerUrl).address();
    } catch (error) {
      if (error instanceof AoError && error.action !== 'retry') this.#ownAddress = '';
    }
    return this.#ownAddress;
  }

  /** Undefined if it is not another scheduler than the one that is asked anyway. */
  async #schedulerOf(processId: string | undefined): Promise<string | undefined> {
    if (processId === undefined) return undefined;
    try {
      const { schedulerUrl } = await this.find(processId);
      return schedulerUrl === this.#options.schedulerUrl ? undefined : schedulerUrl;
    } catch (error) {
      if (isAoError(error, 'PROCESS.NOT_FOUND')) return undefined;
      throw error;
    }
  }

  async #atScheduler(processId: string, schedulerUrl: string | undefined): Promise<KnownProcess | undefined> {
    if (schedulerUrl === undefined) return undefined;
    try {
      const { tags } = await this.schedulerAt(schedulerUrl).process(processId);
      return { tags, schedulerUrl };
    } catch (error) {
      if (saidNotFound(error)) return undefined;
      throw error;
    }
  }

  async #onGateway(processId: string): Promise<KnownProcess | undefined> {
    const { gateway } = this.#options;
    const tags = (await gateway.transaction(processId))?.tags ?? (await gateway.processHeaders(processId));
    if (!tags || !tagValues(tags, 'Type').includes('Process')) return undefined;
    const address = tagValue(tags, 'Scheduler');
    if (!address) return undefined;
    return { tags, schedulerUrl: await this.locate(address) };
  }
}
