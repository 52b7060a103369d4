import { errorMessage } from '@ao-ts/core';
import type { ComputeClient, ProcessDirectory } from '@ao-ts/server-kit';
import { childrenOf } from './children.ts';
import type { Ledger, Monitor, Queued } from './ledger.ts';
import { type KeepBack, withReasons } from './outboxes.ts';

export interface MonitorPorts {
  ledger: Ledger;
  compute: Pick<ComputeClient, 'results' | 'cron'>;
  directory: ProcessDirectory;
  dispatch: (children: readonly Queued[]) => void;
  keepBack: KeepBack;
  intervalMs: number;
  /** How long it may fail without a break until it is given up. */
  maxFailingMs: number;
  /** Unix ms. */
  clock: () => number;
  log: { warn(facts: object, text: string): void; error(facts: object, text: string): void };
}

const PAGE = 50;
const MAX_INTERVAL_MS = 3_600_000;

/** How long a monitor waits until it looks again, after so many failures in a row. */
export function pauseAfter(failures: number, intervalMs: number): number {
  return Math.max(intervalMs, Math.min(MAX_INTERVAL_MS, intervalMs * 2 ** Math.min(failures, 20)));
}

/**
 * Fetches the cron results of monitored processes and sends what they emitted, from the moment of monitoring on. What
 * fails for too long is given up; asked for again, it goes on where it was.
 */
export class Monitors {
  readonly #ports: MonitorPorts;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #polling = new Map<string, Promise<void>>();
  #stopped = false;

  constructor(ports: MonitorPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#timers.size + this.#polling.size;
  }

  /** Goes on with monitors that were begun before, or elsewhere. */
  adopt(processIds: readonly string[]): void {
    for (const processId of processIds) {
      if (!this.#timers.has(processId) && !this.#polling.has(processId)) this.#poll(processId);
    }
  }

  /** Monitoring what is monitored changes nothing. */
  async add(processId: string): Promise<void> {
    if (await this.#ports.ledger.addMonitor(processId)) this.adopt([processId]);
  }

  /** False if the process was not monitored. */
  async remove(processId: string): Promise<boolean> {
    clearTimeout(this.#timers.get(processId));
    this.#timers.delete(processId);
    return this.#ports.ledger.removeMonitor(processId);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#polling.values());
  }

  #poll(processId: string): void {
    this.#timers.delete(processId);
    const poll = this.#pollOnce(processId).then((failures) => {
      this.#polling.delete(processId);
      if (failures === undefined || this.#stopped) return;
      const pause = pauseAfter(failures, this.#ports.intervalMs);
      this.#timers.set(
        processId,
        setTimeout(() => this.#poll(processId), pause),
      );
    });
    this.#polling.set(processId, poll);
  }

  /** How often it failed in a row; undefined if the process is no longer monitored. */
  async #pollOnce(processId: string): Promise<number | undefined> {
    const { ledger, log, clock, maxFailingMs } = this.#ports;
    let failures = 0;
    try {
      for (let more = true; more && !this.#stopped; ) {
        const monitor = await ledger.monitor(processId);
        if (!monitor || monitor.endedAt !== null) return undefined;
        failures = monitor.failures;
        more = monitor.started ? await this.#page(monitor) : await this.#start(processId);
      }
      return 0;
    } catch (error) {
      if (this.#stopped) return failures;
      const facts = { processId, error: errorMessage(error) };
      log.warn(facts, 'cron results could not be fetched');
      try {
        const ended = await ledger.monitorFailed(processId, facts.error, clock() - maxFailingMs);
        if (!ended) return failures + 1;
        log.error(facts, 'a monitor is given up; POST /monitor starts it again');
        return undefined;
      } catch (cause) {
        log.warn({ processId, error: errorMessage(cause) }, 'the ledger can not be written');
        return failures + 1;
      }
    }
  }

  // Monitoring starts now: what was evaluated before is not sent again.
  async #start(processId: string): Promise<boolean> {
    const { ledger, compute } = this.#ports;
    const newest = await compute.results(processId, { sort: 'DESC', limit: 1 });
    await ledger.advance(processId, newest.edges[0]?.cursor ?? null, []);
    return true;
  }

  /** True if there is more to fetch. */
  async #page({ processId, cursor }: Monitor): Promise<boolean> {
    const { ledger, compute, directory, dispatch, keepBack } = this.#ports;
    const range = cursor === null ? { limit: PAGE } : { from: cursor, limit: PAGE };
    const { edges, pageInfo } = await compute.cron(processId, range);
    const last = edges.at(-1);
    if (!last) return false;
    const { tags: emitterTags } = await directory.find(processId);
    const children = edges.flatMap((edge) =>
      childrenOf(edge.node, { emitter: processId, emitterTags, source: edge.cursor, depth: 0 }),
    );
    dispatch(await ledger.advance(processId, last.cursor, withReasons(children, keepBack)));
    return pageInfo.hasNextPage && last.cursor !== cursor;
  }
}
