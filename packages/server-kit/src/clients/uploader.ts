import { NO_LIMITS, parseDataItem } from '@ao-ts/core/ans104';
import { z } from 'zod';
import type { HttpClient } from '../http-client.ts';
import { malformed, type Remote, safeJson, statusError } from './json.ts';

const Uploaded = z.object({ id: z.string() });

/** A bundler that puts data items on Arweave. */
export class UploaderClient {
  readonly #remote: Remote;

  constructor(http: HttpClient, url: string) {
    this.#remote = { http, url, name: 'uploader' };
  }

  /**
   * Uploads a signed item (raw ANS-104 bytes) and gives its id.
   * @throws AoError `HTTP.STATUS`, `HTTP.UNREACHABLE`, `HTTP.TIMEOUT`, `HTTP.MALFORMED`
   */
  async upload(item: Uint8Array): Promise<string> {
    const response = await this.#remote.http.send(`${this.#remote.url}/tx/arweave`, {
      method: 'POST',
      operation: 'uploadDataItem',
      headers: { accept: 'application/json', 'content-type': 'application/octet-stream' },
      body: item,
    });
    const { status, body } = response;
    if (status < 200 || status > 299) throw statusError(this.#remote, response);
    // Anything may answer 200, and a bundler says the id then. That it has the item already it says in words of its own.
    if (status === 200 && !safeJson(Uploaded, body.toString()))
      throw malformed(this.#remote, response, Uploaded);
    return parseDataItem(item, NO_LIMITS).id;
  }
}
