import type { KnownScheduler } from './schedulers.ts';

/** Which process lives at which scheduler. */
export interface RouteStore {
  /** Takes over the configured schedulers. Those left out keep their processes and get no new ones. */
  configure(schedulers: readonly Omit<KnownScheduler, 'processes'>[]): Promise<void>;
  schedulers(): Promise<KnownScheduler[]>;
  /** URL of the scheduler of a process, or undefined. */
  find(processId: string): Promise<string | undefined>;
  /** Binds a process to a scheduler unless it is bound; gives the URL of the one it is bound to, durably. */
  bind(processId: string, url: string): Promise<string>;
  close(): Promise<void>;
}
