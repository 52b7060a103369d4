import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { AoError, errorMessage, isAoError } from '@ao-ts/core';
import { createDataItem, SignatureTypes, type Signer } from '@ao-ts/core/ans104';
import { inTrace, retry } from '@ao-ts/server-kit';
import { type Backoff, delayAfter } from './backoff.ts';
import { anchorOf } from './child-items.ts';
import type { Courier } from './courier.ts';
import { EvaluationOrder } from './evaluation-order.ts';
import { Gate } from './gate.ts';
import { Lanes } from './lanes.ts';
import type { Delivered, Ledger, Queued } from './ledger.ts';
import type { ItemPlan, LedgerNode, NewNode, Parcel } from './node.ts';
import type { Outboxes } from './outboxes.ts';

export interface MessengerPorts {
  ledger: Ledger;
  courier: Courier;
  outboxes: Outboxes;
  signer: Signer;
  backoff: Backoff;
  clock: () => number;
  random: () => number;
  log: { warn(facts: object, text: string): void; error(facts: object, text: string): void };
}

/** A client waits for the answer, so its first delivery is not tried for long. */
const SUBMIT = { attempts: 3, firstDelayMs: 200, maxDelayMs: 1000 };
/** More at a time than there are cores would only delay the first. */
const SIGNATURES_AT_ONCE = availableParallelism();
/** How long a scheduler may take to finish a write whose answer was lost. */
const UNSURE_MS = 10 * 60_000;

/** A step that is repeated until it succeeds, the node is dead, or the unit stops. */
type Step = (parcel: Parcel, attempt: number) => Promise<void>;

/**
 * Moves every node of the ledger on: delivers it, pulls its result, records what that causes. Each step is
 * recorded before the next begins, and each can be repeated without doing anything twice.
 */
export class Messenger {
  readonly #ports: MessengerPorts;
  readonly #lanes = new Lanes((seq) => this.#deliver(seq));
  readonly #signatures = new Gate(SIGNATURES_AT_ONCE);
  readonly #order = new EvaluationOrder();
  readonly #signed = new Map<number, Promise<void>>();
  readonly #recovered = new Set<number>();
  readonly #submitting = new Map<string, Promise<{ id: string | null }>>();
  readonly #background = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(ports: MessengerPorts) {
    this.#ports = ports;
  }

  /** Goes on with nodes that were begun before, or elsewhere. */
  adopt(nodes: readonly Queued[]): void {
    for (const queued of nodes) this.#resumeOne(queued);
  }

  /** Lanes with something to deliver. */
  get lanes(): number {
    return this.#lanes.size;
  }

  /**
   * Delivers what a client sent; settles when its scheduler has acknowledged it and that is on disk.
   * @throws AoError `SCHEDULER.REFUSED` with the scheduler's text, or why it could not be delivered
   */
  submit(root: NewNode): Promise<{ id: string | null }> {
    const running = this.#submitting.get(root.key);
    if (running) return running;
    const submission = this.#submit(root).finally(() => this.#submitting.delete(root.key));
    this.#submitting.set(root.key, submission);
    return submission;
  }

  /** Signs and delivers nodes that were just recorded, each lane in order. */
  dispatch(children: readonly Queued[]): void {
    for (const { seq, lane } of children) {
      const signed = this.#sign(seq);
      signed.catch(() => {}); // seen when it is delivered
      this.#signed.set(seq, signed);
      this.#lanes.add(lane, seq);
    }
  }

  /** Takes a dead node up again. False if there is no such dead node. */
  async revive(key: string): Promise<boolean> {
    const queued = await this.#ports.ledger.revive(key);
    this.adopt(queued ?? []);
    return queued !== undefined;
  }

  /** Takes up nothing new; waits for the deliveries under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#lanes.stop();
  }

  /** Waits until nothing touches the ledger any more; requests under way must have been ended. */
  async stopped(): Promise<void> {
    await Promise.allSettled(this.#submitting.values());
    await Promise.all(this.#background);
  }

  #resumeOne({ seq, lane, state }: Queued): void {
    if (state === 'scheduled') this.#run(this.#parcel(seq).then((parcel) => this.#pull(parcel, parcel)));
    else if (state === 'unsure') this.#run(this.#lookUp(seq));
    else {
      this.#recovered.add(seq);
      this.#lanes.add(lane, seq);
    }
  }

  async #submit(root: NewNode): Promise<{ id: string | null }> {
    const { ledger, courier } = this.#ports;
    const { node, created } = await ledger.accept(root);
    if (node.scheduledAt !== null) return node;
    let maybeSent = !created;
    try {
      const parcel = await this.#parcel(node.seq);
      const delivered = await retry(async () => {
        try {
          return await inTrace(node.trace, () => courier.deliver(parcel, maybeSent));
        } catch (error) {
          maybeSent ||= mayHaveArrived(error);
          throw error;
        }
      }, SUBMIT);
      await this.#delivered(parcel, delivered);
      return delivered;
    } catch (error) {
      if (!maybeSent && !mayHaveArrived(error)) await ledger.forget(node.seq);
      else {
        await ledger.unsure(node.seq);
        this.#run(this.#lookUp(node.seq));
      }
      throw refusal(error);
    }
  }

  async #deliver(seq: number): Promise<void> {
    const maybeSent = this.#recovered.delete(seq);
    await this.#repeat(seq, isPermanent, async (parcel, attempt) => {
      if (parcel.state !== 'received') return;
      const unsigned = parcel.kind !== 'assignment' && parcel.item === null;
      if (unsigned) await (this.#signed.get(seq) ?? this.#sign(seq)).finally(() => this.#signed.delete(seq));
      const ready = unsigned ? await this.#parcel(seq) : parcel;
      await this.#delivered(ready, await this.#ports.courier.deliver(ready, maybeSent || attempt > 0));
    });
    this.#signed.delete(seq);
  }

  // The bytes are on disk before anybody sees them: signed again, the same content is another message.
  async #sign(seq: number): Promise<void> {
    const { ledger, signer } = this.#ports;
    const { kind, item, plan, key } = await this.#parcel(seq);
    if (kind === 'assignment' || item !== null) return;
    // Only RSA signs the same content differently each time; two equal spawns must not be one process.
    const anchor = signer.signatureType === SignatureTypes.arweave ? {} : { anchor: anchorOf(key) };
    const content = { ...anchor, ...(plan as ItemPlan) };
    const signed = await this.#signatures.run('', () => createDataItem(content, signer));
    await ledger.built(seq, signed.id, signed.raw);
  }

  async #delivered(parcel: Parcel, delivered: Delivered): Promise<void> {
    const children = await this.#ports.ledger.scheduled(parcel.seq, delivered);
    if (!children) return;
    if (delivered.awaitsResult) this.#run(this.#pull(parcel, delivered));
    this.dispatch(children);
  }

  #pull(
    { seq, kind, target }: Parcel,
    { id, nonce }: Pick<LedgerNode, 'id'> & { nonce?: number | null },
  ): Promise<void> {
    const turn = this.#order.enter((kind === 'process' ? id : target) ?? '', nonce ?? undefined);
    const recorded = this.#repeat(seq, isPermanentForResult, async (parcel) => {
      const { ledger, outboxes } = this.#ports;
      const children = await outboxes.causedBy(parcel);
      await turn.first;
      this.dispatch(await ledger.resulted(seq, children));
    });
    return recorded.finally(() => turn.leave());
  }

  #lookUp(seq: number): Promise<void> {
    return this.#repeat(seq, isPermanent, async (parcel) => {
      const { courier, ledger, clock } = this.#ports;
      if (parcel.state !== 'unsure') return;
      const delivered = await courier.lookUp(parcel);
      if (delivered) return this.#delivered(parcel, delivered);
      if (clock() - parcel.receivedAt > UNSURE_MS) return ledger.forget(seq);
      throw new AoError('SCHEDULER.UNSURE', 'The scheduler does not have it (yet).', { action: 'retry' });
    });
  }

  async #repeat(seq: number, permanent: (error: unknown) => boolean, step: Step): Promise<void> {
    const { ledger, backoff, random, log } = this.#ports;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const parcel = await ledger.get(seq);
        if (parcel) await inTrace(parcel.trace, () => step(parcel, failures));
        return;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (!isAoError(error)) log.error({ err: error, seq }, 'unexpected failure; it will be tried again');
        const delayMs = delayAfter(failures, backoff, random);
        const settled = await this.#recordFailure(seq, error, permanent(error), delayMs).catch((cause) => {
          log.error({ err: cause, seq }, 'the ledger can not be written');
          return false;
        });
        if (settled) return;
        log.warn({ seq, failures, delayMs, error: errorMessage(error) }, 'attempt failed');
        await sleep(delayMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** True if the node is dead now. */
  async #recordFailure(seq: number, error: unknown, permanent: boolean, delayMs: number): Promise<boolean> {
    const { ledger, backoff, clock } = this.#ports;
    const now = clock();
    const since = (await this.#parcel(seq)).receivedAt;
    const tooOld = now - since > backoff.maxAgeMs;
    if (!permanent && !tooOld) {
      await ledger.failed(seq, errorMessage(error), now + delayMs);
      return false;
    }
    const given = tooOld ? `Given up after ${Math.round((now - since) / 3_600_000)} hours: ` : '';
    await ledger.dead(seq, given + errorMessage(error));
    return true;
  }

  async #parcel(seq: number): Promise<Parcel> {
    const parcel = await this.#ports.ledger.get(seq);
    if (parcel) return parcel;
    throw new TypeError(`The ledger has no node ${seq}`);
  }

  #run(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }
}

function isPermanent(error: unknown): boolean {
  return isAoError(error) && error.action !== 'retry';
}

// A Compute Unit that does not find what was just scheduled asks a scheduler that is behind.
function isPermanentForResult(error: unknown): boolean {
  return isAoError(error, 'HTTP.STATUS') && error.action !== 'retry' && error.facts.status !== 404;
}

/** False if the scheduler surely did not take it. */
function mayHaveArrived(error: unknown): boolean {
  if (!isAoError(error) || error.action !== 'retry') return !isAoError(error);
  if (error.code === 'HTTP.STATUS') return error.facts.status !== 503 && error.facts.status !== 429;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return !['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].includes(code ?? '');
}

function refusal(error: unknown): unknown {
  if (!isAoError(error, 'HTTP.STATUS') || error.action === 'retry') return error;
  const { said, status } = error.facts as { said: string; status: number };
  return new AoError('SCHEDULER.REFUSED', said, { action: 'fix', facts: { status }, cause: error });
}
