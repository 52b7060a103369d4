import { AoError } from '@ao-ts/core';
import { readAssignmentTags } from '@ao-ts/core/schedule';
import { type ProcessDirectory, saidNotFound } from '@ao-ts/server-kit';
import { entryKey } from './children.ts';
import type { Ledger } from './ledger.ts';
import type { Messenger } from './messenger.ts';
import type { NodeKind } from './node.ts';
import type { Outboxes } from './outboxes.ts';
import type { SchedulerFor, Slot } from './scheduler.ts';

export interface PushRequest {
  processId: string;
  /** Id of the message, assignment or process whose result it is in. */
  source: string;
  kind: NodeKind;
  /** Place among the entries of its kind, from 0. */
  index: number;
}

interface Ports {
  ledger: Ledger;
  outboxes: Outboxes;
  directory: ProcessDirectory;
  schedulerFor: SchedulerFor;
  messenger: Pick<Messenger, 'dispatch' | 'revive'>;
}

/** Sends one entry of an outbox on demand. What this unit sent already, it does not send again. */
export class Pusher {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** @throws AoError `REQUEST.NOT_FOUND`, `PUSH.INDEX`, or why a unit did not answer */
  async push({ processId, source, kind, index }: PushRequest): Promise<void> {
    const { ledger, outboxes, messenger } = this.#ports;
    const cause = await ledger.find(source);
    const slot = await this.#slotOf(processId, source, cause?.receivedAt);
    const { root = null, trace = null, depth = 0 } = cause ?? {};
    const nodes = await outboxes.causedBy({
      kind: source === processId ? 'process' : 'message',
      target: processId,
      id: source,
      nonce: readAssignmentTags(slot.assignment.tags).nonce,
      root,
      trace,
      depth,
    });
    const key = entryKey({ emitter: processId, source }, kind, index);
    const wanted = nodes.filter((node) => node.key === key || node.key.startsWith(`${key}/`));
    if (wanted.length === 0) {
      throw new AoError('PUSH.INDEX', 'Message number does not exist in the result.', { action: 'fix' });
    }
    messenger.dispatch(await ledger.record(wanted, cause?.seq ?? null));
    for (const node of wanted) await messenger.revive(node.key);
  }

  async #slotOf(processId: string, source: string, since?: number): Promise<Slot> {
    const { directory, schedulerFor } = this.#ports;
    try {
      const { schedulerUrl, tags } = await directory.find(processId);
      return await schedulerFor(schedulerUrl, tags).slot(processId, source, since);
    } catch (error) {
      if (!saidNotFound(error)) throw error;
      throw new AoError('REQUEST.NOT_FOUND', `The scheduler of ${processId} has no ${source}.`, {
        action: 'fix',
        cause: error,
      });
    }
  }
}
