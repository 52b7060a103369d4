import { AoError } from '@ao-ts/core';
import { refused } from './errors.ts';

/** Which processes a unit serves, by process id. */
export type ProcessList = ReadonlyMap<string, { readOnly: boolean }>;

/** Lets only listed processes in. Without a list everybody is let in. */
export class ProcessAccess {
  readonly #list: (() => Promise<ProcessList>) | undefined;

  constructor(list?: () => Promise<ProcessList>) {
    this.#list = list;
  }

  /** @throws AoError `ACCESS.DENIED` */
  async checkRead(processId: string): Promise<void> {
    const list = await this.#list?.();
    if (list && !list.has(processId)) {
      throw new AoError('ACCESS.DENIED', notAllowed(processId), { action: 'fix', facts: { processId } });
    }
  }

  /** @throws AoError `SCHEDULE.REFUSED` */
  async checkWrite(processId: string): Promise<void> {
    const list = await this.#list?.();
    if (!list) return;
    const listed = list.get(processId);
    if (!listed) throw refused(notAllowed(processId));
    if (listed.readOnly) throw refused(`Process ${processId} is read_only on this SU`);
  }

  /** @throws AoError `SCHEDULE.REFUSED` */
  async checkSpawn(): Promise<void> {
    if (this.#list) throw refused('Process spawning is not supported');
  }
}

const notAllowed = (processId: string) => `Process ${processId} is not allowed on this SU`;
