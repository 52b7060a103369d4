import { type HttpClient, requestJson } from '@ao-ts/server-kit';
import { z } from 'zod';
import { ProcessAccess, type ProcessList } from './domain/process-access.ts';
import type { RefreshedValues } from './domain/refreshed.ts';

export interface ListConfig {
  IP_WHITELIST_URL?: string | undefined;
  LIST_REFRESH_MS: number;
}

export interface ListContext {
  http: HttpClient;
  fresh: RefreshedValues;
}

const Addresses = z.array(z.string());

/** The IP addresses that may write, or undefined if no list is configured. */
export function addressList(
  { IP_WHITELIST_URL: url, LIST_REFRESH_MS: refreshMs }: ListConfig,
  { http, fresh }: ListContext,
): (() => Promise<ReadonlySet<string>>) | undefined {
  if (url === undefined) return undefined;
  const remote = { http, url, name: 'list of addresses' };
  return fresh.keep({
    what: 'The list of addresses that may write',
    ask: async () => new Set(await requestJson(remote, '', Addresses)),
    refreshMs,
  });
}

const Processes = z.object({
  processes: z.record(z.string(), z.object({ su: z.string(), read_only: z.boolean().nullish() })),
});

/** Who is served: the processes listed for this unit's own URL, or all if no list is configured. */
export function processAccess(
  config: { PROCESS_WHITELIST_URL?: string | undefined; URL?: string | undefined; LIST_REFRESH_MS: number },
  { http, fresh }: ListContext,
): ProcessAccess {
  const { PROCESS_WHITELIST_URL: url, URL: ownUrl, LIST_REFRESH_MS: refreshMs } = config;
  if (url === undefined) return new ProcessAccess();
  const remote = { http, url, name: 'list of processes' };
  const list = fresh.keep<ProcessList>({
    what: 'The list of processes served here',
    ask: async () => {
      const { processes } = await requestJson(remote, '', Processes);
      const own = Object.entries(processes).filter(([, { su }]) => su.replace(/\/+$/, '') === ownUrl);
      return new Map(own.map(([id, { read_only }]) => [id, { readOnly: read_only === true }]));
    },
    refreshMs,
  });
  return new ProcessAccess(list);
}
