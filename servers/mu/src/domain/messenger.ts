import { AoError, isAoError } from '@ao-ts/core';
import type { Signer } from '@ao-ts/core/ans104';
import { inTrace, retry } from '@ao-ts/server-kit';
import { type AttemptPorts, Attempts } from './attempts.ts';
import type { Courier } from './courier.ts';
import { Gate } from './gate.ts';
import { Lanes } from './lanes.ts';
import type { Delivered, Ledger, Queued } from './ledger.ts';
import type { NewNode, Parcel } from './node.ts';
import type { Outboxes } from './outboxes.ts';
import { Pulls } from './pulls.ts';
import { Signing } from './signing.ts';

export interface MessengerPorts extends AttemptPorts {
  ledger: Ledger;
  courier: Courier;
  outboxes: Outboxes;
  signer: Signer;
}

/** A client waits for the answer, so its first delivery is not tried for long. */
const SUBMIT = { attempts: 3, firstDelayMs: 200, maxDelayMs: 1000 };
/** How long a scheduler may take to finish a write whose answer was lost. */
const UNSURE_MS = 10 * 60_000;

type Acknowledged = { id: string | null };

/**
 * Moves every node of the ledger on: delivers it, pulls its result, records what that causes. Each step is
 * recorded before the next begins, and each can be repeated without doing anything twice.
 */
export class Messenger {
  readonly #ports: MessengerPorts;
  readonly #attempts: Attempts;
  readonly #signing: Signing;
  readonly #pulls: Pulls;
  readonly #lanes = new Lanes({
    prepare: (seq) => this.#signing.begin(seq),
    work: (seq) => this.#deliver(seq),
  });
  readonly #oneAtATime = new Gate(1);
  readonly #recovered = new Set<number>();
  readonly #submitting = new Map<string, Promise<Acknowledged>>();

  constructor(ports: MessengerPorts) {
    this.#ports = ports;
    this.#attempts = new Attempts(ports);
    this.#signing = new Signing(ports.ledger, ports.signer);
    const dispatch = (children: readonly Queued[]) => this.dispatch(children);
    this.#pulls = new Pulls({ ...ports, attempts: this.#attempts, dispatch });
  }

  /** Lanes with something to deliver. */
  get lanes(): number {
    return this.#lanes.size;
  }

  /** Goes on with nodes that were begun before, or elsewhere. */
  adopt(nodes: readonly Queued[]): void {
    for (const node of nodes) {
      if (node.state === 'scheduled') this.#pulls.begin(node);
      else if (node.state === 'unsure') this.#attempts.inBackground(this.#lookUp(node.seq));
      else {
        this.#recovered.add(node.seq);
        this.#lanes.add(node.lane, node.seq);
      }
    }
  }

  /**
   * Delivers what a client sent; settles when its scheduler has acknowledged it and that is on disk.
   * @throws AoError `SCHEDULER.REFUSED` with the scheduler's text, or why it could not be delivered
   */
  submit(root: NewNode): Promise<Acknowledged> {
    const running = this.#submitting.get(root.key);
    if (running) return running;
    const submission = this.#submit(root).finally(() => this.#submitting.delete(root.key));
    this.#submitting.set(root.key, submission);
    return submission;
  }

  /** Signs and delivers nodes that were just recorded, each lane in order. */
  dispatch(children: readonly Queued[]): void {
    for (const { lane, seq } of children) this.#lanes.add(lane, seq);
  }

  /** Takes a dead node up again. False if there is no such dead node. */
  async revive(key: string): Promise<boolean> {
    const queued = await this.#ports.ledger.revive(key);
    this.adopt(queued ?? []);
    return queued !== undefined;
  }

  /** Takes up nothing new; waits for the deliveries under way. */
  async stop(): Promise<void> {
    this.#attempts.stop();
    await this.#lanes.stop();
  }

  /** Waits until nothing touches the ledger any more; requests under way must have been ended. */
  async stopped(): Promise<void> {
    await Promise.allSettled(this.#submitting.values());
    await this.#attempts.ended();
  }

  async #submit(root: NewNode): Promise<Acknowledged> {
    const { ledger } = this.#ports;
    const { node, created } = await ledger.accept(root);
    let maybeSent = !created;
    let known = created ? { ...node, item: root.item ?? null, plan: root.plan ?? null } : undefined;
    const attempt = async () => {
      try {
        return await inTrace(node.trace, () => this.#attempt(node.seq, maybeSent, known));
      } catch (error) {
        known = undefined;
        maybeSent ||= mayHaveArrived(error);
        // The client has waited long enough to be told.
        throw isAoError(error, 'HTTP.TIMEOUT') ? outOfTime(error) : error;
      }
    };
    try {
      return await retry(attempt, SUBMIT);
    } catch (error) {
      await this.#withdraw(node.seq, maybeSent);
      throw refusal(error);
    }
  }

  /** The client is told that it failed: nothing is sent later. What the scheduler has all the same is seen to. */
  async #withdraw(seq: number, maybeSent: boolean): Promise<void> {
    const { ledger, log } = this.#ports;
    try {
      if (!maybeSent) return await ledger.forget(seq);
      await ledger.unsure(seq);
    } catch (error) {
      log.error({ err: error, seq }, 'the ledger can not be written');
    }
    this.#attempts.inBackground(this.#lookUp(seq));
  }

  async #deliver(seq: number): Promise<void> {
    const maybeSent = this.#recovered.delete(seq);
    await this.#attempts.repeat(seq, {
      read: () => this.#signing.ready(seq),
      run: async (parcel, failures) => {
        if (parcel.state !== 'received') return;
        // Clients may have sent the same anew; of an assignment the scheduler would make another one.
        const known = parcel.emitter === null || parcel.kind === 'assignment' ? undefined : parcel;
        await this.#attempt(seq, maybeSent || failures > 0, known);
      },
    });
  }

  /**
   * Delivers a node that is not delivered yet. Of one node one attempt at a time: the next one sees what it did.
   * @param known the node as it was a while ago, if nothing is done twice should another have delivered it meanwhile
   */
  #attempt(seq: number, maybeSent: boolean, known?: Parcel): Promise<Acknowledged> {
    return this.#oneAtATime.run(String(seq), async () => {
      const parcel = known ?? (await this.#ports.ledger.get(seq));
      if (!parcel) throw unsure('It was given up just now; send it again.');
      if (parcel.scheduledAt !== null) return parcel;
      const delivered = await this.#ports.courier.deliver(parcel, maybeSent);
      await this.#delivered(parcel, delivered);
      return delivered;
    });
  }

  async #delivered(parcel: Parcel, delivered: Delivered): Promise<void> {
    const children = await this.#ports.ledger.scheduled(parcel.seq, delivered);
    if (!children) return;
    const { id, nonce = null, awaitsResult } = delivered;
    if (awaitsResult) {
      // Not its bytes: it may wait for long.
      const { seq, lane, kind, target, root, trace, depth } = parcel;
      this.#pulls.begin({ seq, lane, kind, target, root, trace, depth, state: 'scheduled', id, nonce });
    }
    this.dispatch(children);
  }

  #lookUp(seq: number): Promise<void> {
    const { courier, ledger, clock } = this.#ports;
    const run = () =>
      this.#oneAtATime.run(String(seq), async () => {
        const parcel = await ledger.get(seq);
        if (!parcel || parcel.scheduledAt !== null || parcel.state === 'dead') return;
        const delivered = await courier.lookUp(parcel);
        if (delivered) return this.#delivered(parcel, delivered);
        if (clock() - parcel.receivedAt > UNSURE_MS) return ledger.forget(seq);
        throw unsure('The scheduler does not have it (yet).');
      });
    return this.#attempts.repeat(seq, { read: () => ledger.get(seq), run });
  }
}

function unsure(message: string): AoError {
  return new AoError('SCHEDULER.UNSURE', message, { action: 'retry' });
}

/** The same, but not to be tried again. */
function outOfTime({ code, message, facts }: AoError): AoError {
  return new AoError(code, message, { action: 'never', facts });
}

/** False if the scheduler surely did not take it. */
function mayHaveArrived(error: unknown): boolean {
  if (!isAoError(error) || ['STORE.FAILED', 'HTTP.TOO_LARGE'].includes(error.code)) return true;
  if (error.action !== 'retry' || error.code === 'SCHEDULER.MOVED') return false;
  if (error.code === 'HTTP.STATUS') return error.facts.status !== 503 && error.facts.status !== 429;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return !['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].includes(code ?? '');
}

function refusal(error: unknown): unknown {
  if (!isAoError(error, 'HTTP.STATUS')) return error;
  const { said, status } = error.facts as { said: string; status: number };
  if (status < 400 || status > 499) return error;
  return new AoError('SCHEDULER.REFUSED', said, { action: error.action, facts: { status }, cause: error });
}
