import { availableParallelism } from 'node:os';
import { createDataItem, SignatureTypes, type Signer } from '@ao-ts/core/ans104';
import { anchorOf } from './child-items.ts';
import { Gate } from './gate.ts';
import type { Ledger } from './ledger.ts';
import type { ItemPlan, Parcel } from './node.ts';

/** More at a time than there are cores would only delay the first. */
const SIGNATURES_AT_ONCE = availableParallelism();

/**
 * Has nodes ready for their delivery: read from the ledger, and signed. The bytes are on disk before anybody sees them:
 * signed again, the same content is another message.
 */
export class Signing {
  readonly #ledger: Pick<Ledger, 'get' | 'built'>;
  readonly #signer: Signer;
  readonly #gate = new Gate(SIGNATURES_AT_ONCE);
  readonly #ahead = new Map<number, Promise<Parcel | undefined>>();

  constructor(ledger: Pick<Ledger, 'get' | 'built'>, signer: Signer) {
    this.#ledger = ledger;
    this.#signer = signer;
  }

  /** Begins; what goes wrong is seen when it is asked for. */
  begin(seq: number): void {
    const signed = this.#signed(seq);
    signed.catch(() => {});
    this.#ahead.set(seq, signed);
  }

  /** The node with its bytes, undefined if there is no such node. Asked again after a failure, it tries again. */
  ready(seq: number): Promise<Parcel | undefined> {
    const begun = this.#ahead.get(seq);
    this.#ahead.delete(seq);
    return begun ?? this.#signed(seq);
  }

  async #signed(seq: number): Promise<Parcel | undefined> {
    const node = await this.#ledger.get(seq);
    if (!node || node.kind === 'assignment' || node.item !== null || node.state !== 'received') return node;
    return this.#gate.run('', () => this.#sign(node));
  }

  async #sign(node: Parcel): Promise<Parcel | undefined> {
    // Only RSA signs the same content differently each time; two equal spawns must not be one process.
    const anchor =
      this.#signer.signatureType === SignatureTypes.arweave ? {} : { anchor: anchorOf(node.key) };
    const { id, raw } = await createDataItem({ ...anchor, ...(node.plan as ItemPlan) }, this.#signer);
    const first = await this.#ledger.built(node.seq, id, raw);
    return first ? { ...node, id, item: raw } : this.#ledger.get(node.seq);
  }
}
