import { AoError, isAoError } from '@ao-ts/core';
import { z } from 'zod';
import type { HttpClient } from './http-client.ts';

/** Rejects with the reason if the unit can not use what is checked. */
export type ReadyCheck = () => unknown;

/** What `/ready` answers. */
export const ReadyAnswer = z.object({
  ready: z.boolean(),
  checks: z
    .record(z.string(), z.object({ ok: z.boolean(), needed: z.boolean(), reason: z.string().optional() }))
    .describe('By name: ok, or why not. What is not needed does not keep the unit from being ready.'),
});
export type ReadyReport = z.output<typeof ReadyAnswer>;

const CHECK_TIMEOUT_MS = 2000;
/** Probes of several routers and monitors share an answer for so long. */
const REPORT_AGE_MS = 1000;

/** What a unit needs to do its work, and whether it has it. */
export class Readiness {
  readonly #checks: { name: string; needed: boolean; check: ReadyCheck }[] = [];
  #report: Promise<ReadyReport> | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #stopping = false;
  readonly #onFailure: (name: string, error: unknown) => void;

  /** `onFailure` gets what a report does not tell: anybody may read reports. */
  constructor(onFailure: (name: string, error: unknown) => void = () => {}) {
    this.#onFailure = onFailure;
  }

  /** Without it, the unit is not ready. */
  needs(name: string, check: ReadyCheck): void {
    this.#checks.push({ name, needed: true, check });
  }

  /** Without it, the unit does what can be done without it: the report says so. */
  uses(name: string, check: ReadyCheck): void {
    this.#checks.push({ name, needed: false, check });
  }

  /** From now on the unit is not ready: it takes nothing new. */
  stop(): void {
    this.#stopping = true;
    this.#reportedAt = Number.NEGATIVE_INFINITY;
  }

  report(): Promise<ReadyReport> {
    const now = performance.now();
    if (!this.#report || now - this.#reportedAt > REPORT_AGE_MS) {
      this.#report = this.#look();
      this.#reportedAt = now;
    }
    return this.#report;
  }

  async #look(): Promise<ReadyReport> {
    const stopping = this.#stopping;
    const entries = await Promise.all(
      this.#checks.map(async ({ name, needed, check }) => {
        const reason = await this.#reasonAgainst(name, check);
        return [
          name,
          { ok: reason === undefined, needed, ...(reason === undefined ? {} : { reason }) },
        ] as const;
      }),
    );
    const checks: ReadyReport['checks'] = Object.fromEntries(entries);
    if (stopping) checks.running = { ok: false, needed: true, reason: 'The unit is going down.' };
    return { ready: Object.values(checks).every(({ ok, needed }) => ok || !needed), checks };
  }

  async #reasonAgainst(name: string, check: ReadyCheck): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, CHECK_TIMEOUT_MS, `No answer within ${CHECK_TIMEOUT_MS} ms.`);
    });
    const checked = (async () => {
      await check();
      return undefined;
    })();
    try {
      return await Promise.race([checked, late]);
    } catch (error) {
      this.#onFailure(name, error);
      return isAoError(error) ? error.message : 'It fails; the log says more.';
    } finally {
      clearTimeout(timer);
      checked.catch(() => {});
    }
  }
}

/** A check that another unit or gateway answers at all. */
export function answers(http: HttpClient, name: string, url: string): ReadyCheck {
  return async () => {
    const { status } = await http.send(`${url}/`, { timeoutMs: CHECK_TIMEOUT_MS - 200, operation: 'ready' });
    if (status < 500) return;
    throw new AoError('HTTP.STATUS', `The ${name} at ${url} answered ${status}.`, { action: 'retry' });
  };
}
