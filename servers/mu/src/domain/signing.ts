import { availableParallelism } from 'node:os';
import { createDataItem, SignatureTypes, type Signer } from '@ao-ts/core/ans104';
import { anchorOf } from './child-items.ts';
import { Gate } from './gate.ts';
import type { Ledger } from './ledger.ts';
import type { ItemPlan } from './node.ts';

/** More at a time than there are cores would only delay the first. */
const SIGNATURES_AT_ONCE = availableParallelism();

/**
 * Signs nodes ahead of their delivery. The bytes are on disk before anybody sees them: signed again, the same content
 * is another message.
 */
export class Signing {
  readonly #ledger: Pick<Ledger, 'get' | 'built'>;
  readonly #signer: Signer;
  readonly #gate = new Gate(SIGNATURES_AT_ONCE);
  readonly #ahead = new Map<number, Promise<void>>();

  constructor(ledger: Pick<Ledger, 'get' | 'built'>, signer: Signer) {
    this.#ledger = ledger;
    this.#signer = signer;
  }

  /** Begins; what goes wrong is seen when {@link ready} is asked. */
  begin(seq: number): void {
    const signed = this.#gate.run('', () => this.#sign(seq));
    signed.catch(() => {});
    this.#ahead.set(seq, signed);
  }

  /** Settles when the node has its bytes. Asked again after a failure, it tries again. */
  async ready(seq: number): Promise<void> {
    const begun = this.#ahead.get(seq);
    this.#ahead.delete(seq);
    await (begun ?? this.#gate.run('', () => this.#sign(seq)));
  }

  async #sign(seq: number): Promise<void> {
    const node = await this.#ledger.get(seq);
    if (!node || node.kind === 'assignment' || node.item !== null || node.state !== 'received') return;
    // Only RSA signs the same content differently each time; two equal spawns must not be one process.
    const anchor =
      this.#signer.signatureType === SignatureTypes.arweave ? {} : { anchor: anchorOf(node.key) };
    const { id, raw } = await createDataItem({ ...anchor, ...(node.plan as ItemPlan) }, this.#signer);
    await this.#ledger.built(seq, id, raw);
  }
}
