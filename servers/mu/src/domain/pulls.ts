import { isAoError } from '@ao-ts/core';
import type { Attempts } from './attempts.ts';
import { EvaluationOrder } from './evaluation-order.ts';
import type { Ledger, Queued } from './ledger.ts';
import type { Outboxes } from './outboxes.ts';

interface PullPorts {
  ledger: Pick<Ledger, 'resulted'>;
  outboxes: Outboxes;
  attempts: Attempts;
  dispatch: (children: readonly Queued[]) => void;
}

/** Asks for the result of what was scheduled and records its outbox, in the order of the slots of its process. */
export class Pulls {
  readonly #ports: PullPorts;
  readonly #order = new EvaluationOrder();

  constructor(ports: PullPorts) {
    this.#ports = ports;
  }

  /** @param node was scheduled just now, or before and has no result yet */
  begin(node: Queued): void {
    const { ledger, outboxes, attempts, dispatch } = this.#ports;
    const { seq, kind, target, id, nonce } = node;
    const processId = (kind === 'process' ? id : target) ?? '';
    const turn = this.#order.enter(processId, nonce ?? undefined);
    const run = async () => {
      const children = await outboxes.causedBy(node);
      await turn.first();
      dispatch(await ledger.resulted(seq, children));
    };
    const recorded = attempts.repeat(seq, { read: async () => node, run, permanent: isPermanent });
    attempts.inBackground(recorded.finally(() => turn.leave()));
  }
}

// A Compute Unit that does not find what was just scheduled asks a scheduler that is behind.
function isPermanent(error: unknown): boolean {
  return isAoError(error, 'HTTP.STATUS') && error.action !== 'retry' && error.facts.status !== 404;
}
