import type { Health } from './health.ts';
import type { HostOrder } from './host-order.ts';
import { type Overrides, overriddenHost, type ProcessFacts } from './overrides.ts';

/** The process a request is about. */
export interface Subject {
  processId: string;
  /** Of a process that is only being spawned: nobody else knows it yet. */
  facts?: ProcessFacts;
}

export interface RouterPorts {
  order: HostOrder;
  health: Pick<Health, 'upFirst'>;
  overrides: Overrides;
  /** Looks a process up at its scheduler; undefined if that does not know it, or does not answer. */
  findFacts: (processId: string) => Promise<ProcessFacts | undefined>;
}

/** Says which hosts serve a process. */
export class Router {
  readonly #ports: RouterPorts;

  constructor(ports: RouterPorts) {
    this.#ports = ports;
  }

  /** The hosts to try, in this order. A process with a host of its own has only that one. */
  async hosts({ processId, facts }: Subject): Promise<string[]> {
    const { order, health, overrides, findFacts } = this.#ports;
    const host = await overriddenHost(overrides, processId, () => facts ?? findFacts(processId));
    return host === undefined ? health.upFirst(order(processId)) : [host];
  }
}
