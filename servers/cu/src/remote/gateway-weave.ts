import { AoError, fromBase64url, ownerAddress } from '@ao-ts/core';
import type { Tag } from '@ao-ts/core/ans104';
import type { GatewayClient, HttpClient } from '@ao-ts/server-kit';
import type { Weave } from '../domain/weave-drive.ts';

/** Arweave through a gateway. */
export class GatewayWeave implements Weave {
  readonly #gateway: GatewayClient;
  readonly #http: HttpClient;
  readonly #url: string;
  readonly #maxBytes: number;

  /** `url` answers `/tx/<id>` and `/block/height/<height>`. */
  constructor(options: { gateway: GatewayClient; http: HttpClient; url: string; maxBytes: number }) {
    this.#gateway = options.gateway;
    this.#http = options.http;
    this.#url = options.url;
    this.#maxBytes = options.maxBytes;
  }

  data(id: string): Promise<Uint8Array> {
    return this.#gateway.data(id, this.#maxBytes);
  }

  async transaction(id: string): Promise<Uint8Array> {
    const transaction = JSON.parse(Buffer.from(await this.#json(`/tx/${id}`)).toString('utf8'));
    const owner = String(transaction.owner ?? '');
    return Buffer.from(JSON.stringify({ ...transaction, ownerAddress: ownerAddress(fromBase64url(owner)) }));
  }

  block(height: number): Promise<Uint8Array> {
    return this.#json(`/block/height/${height}`);
  }

  async published(tags: readonly Tag[], owners: readonly string[], height: number): Promise<boolean> {
    if (owners.length === 0) return false;
    const found = await this.#gateway.byTags(tags, 100, owners);
    return found.some(({ block }) => block != null && block.height <= height);
  }

  async #json(path: string): Promise<Uint8Array> {
    const { status, body } = await this.#http.send(this.#url + path, { maxBytes: this.#maxBytes });
    if (status === 200) return body;
    throw new AoError('TRANSACTION.NOT_FOUND', `The gateway answered ${status} for ${path}.`, {
      action: 'retry',
    });
  }
}
