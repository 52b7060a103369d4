import { readFile } from 'node:fs/promises';
import { AoError, errorMessage } from '@ao-ts/core';
import { EnvList, EnvUrl } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { KnownScheduler } from './schedulers.ts';

const List = z.array(
  z.object({
    url: EnvUrl,
    no_route: z.boolean().nullish(),
    wallets_to_route: EnvList.nullish(),
    wallets_only: z.boolean().nullish(),
  }),
);

/** Reads the schedulers behind a router from their file. @throws AoError `CONFIG.INVALID` */
export async function readSchedulerList(path: string): Promise<Omit<KnownScheduler, 'processes'>[]> {
  try {
    const list = List.parse(JSON.parse(await readFile(path, 'utf8')));
    return list.map(({ url, no_route, wallets_to_route, wallets_only }) => ({
      url,
      noRoute: no_route ?? false,
      wallets: wallets_to_route ?? [],
      walletsOnly: wallets_only ?? false,
    }));
  } catch (cause) {
    throw new AoError(
      'CONFIG.INVALID',
      `SCHEDULER_LIST_PATH: ${path} must be JSON like [{"url":"https://su1.example"}]: ${errorMessage(cause)}`,
      { action: 'fix', cause },
    );
  }
}
