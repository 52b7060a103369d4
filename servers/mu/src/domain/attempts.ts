import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, isAoError } from '@ao-ts/core';
import { inTrace } from '@ao-ts/server-kit';
import { type Backoff, delayAfter } from './backoff.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerNode, NodeState } from './node.ts';

export interface AttemptPorts {
  ledger: Pick<Ledger, 'get' | 'failed' | 'dead'>;
  backoff: Backoff;
  /** Unix ms. */
  clock: () => number;
  random: () => number;
  log: { warn(facts: object, text: string): void; error(facts: object, text: string): void };
  /** Told how each attempt ended; `failures` counts those before it. */
  onAttempt?: (attempt: { state: NodeState; failures: number; error?: unknown }) => void;
}

type Subject = Pick<LedgerNode, 'state' | 'target' | 'id' | 'trace'>;

export interface Step<T extends Subject> {
  /** Reads the node, for each attempt anew. Undefined if there is nothing to do any more. */
  read: () => Promise<T | undefined>;
  /** Moves the node on. Doing it again after it failed halfway does nothing twice. */
  run: (node: T, failures: number) => Promise<unknown>;
  /** Tells errors that no attempt will change; without it, what the one who sent it must change. */
  permanent?: (error: unknown) => boolean;
}

/** Repeats the steps of nodes until they succeed, the node is dead, or the unit stops. */
export class Attempts {
  readonly #ports: AttemptPorts;
  readonly #background = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(ports: AttemptPorts) {
    this.#ports = ports;
  }

  /** Settles when the step needs no further attempt. */
  async repeat<T extends Subject>(
    seq: number,
    { read, run, permanent = isPermanent }: Step<T>,
  ): Promise<void> {
    const { backoff, random, log, onAttempt } = this.#ports;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      let node: T | undefined;
      try {
        const found = await read();
        node = found;
        if (found) {
          await onBehalfOf(found, () => run(found, failures));
          onAttempt?.({ state: found.state, failures });
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (node) onAttempt?.({ state: node.state, failures, error });
        failures += 1;
        if (!isAoError(error)) log.error({ err: error, seq }, 'unexpected failure; it will be tried again');
        const delayMs = delayAfter(failures, backoff, random);
        const given = await this.#record(seq, error, permanent(error), delayMs).catch((cause: unknown) => {
          log.error({ err: cause, seq }, 'the ledger can not be written');
          return false;
        });
        if (given) return;
        const facts = { seq, failures, delayMs, error: errorMessage(error) };
        onBehalfOf(node, () => log.warn(facts, 'attempt failed'));
        await sleep(delayMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Lets work that never rejects go on by itself; {@link ended} waits for it. */
  inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  /** After this no attempt is begun. */
  stop(): void {
    this.#stopping.abort();
  }

  async ended(): Promise<void> {
    await Promise.all(this.#background);
  }

  /** True if the node is given up. */
  async #record(seq: number, error: unknown, permanent: boolean, delayMs: number): Promise<boolean> {
    const { ledger, backoff, clock } = this.#ports;
    const node = await ledger.get(seq);
    if (!node) return true;
    const now = clock();
    const ageMs = now - node.receivedAt;
    if (!permanent && ageMs <= backoff.maxAgeMs) {
      await ledger.failed(seq, errorMessage(error), now + delayMs);
      return false;
    }
    const why = ageMs > backoff.maxAgeMs ? `Given up after ${Math.round(ageMs / 3_600_000)} hours: ` : '';
    await ledger.dead(seq, why + errorMessage(error));
    return true;
  }
}

/** Work for a node belongs to the trace of what caused it, and its log lines say which node it is. */
function onBehalfOf<T>(node: Subject | undefined, work: () => T): T {
  const { trace, target, id } = node ?? {};
  return inTrace(trace, work, { ...(target ? { processId: target } : {}), ...(id ? { messageId: id } : {}) });
}

/** True if the one who sent it must change something before it can be delivered. */
function isPermanent(error: unknown): boolean {
  return isAoError(error) && error.action !== 'retry';
}
