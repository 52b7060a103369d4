import { z } from 'zod';
import type { HttpClient } from '../http-client.ts';
import { type Remote, requestJson } from './json.ts';

const Uploaded = z.object({ id: z.string() });

/** A bundler that puts data items on Arweave. */
export class UploaderClient {
  readonly #remote: Remote;

  constructor(http: HttpClient, url: string) {
    this.#remote = { http, url, name: 'uploader' };
  }

  /** Uploads a signed item (raw ANS-104 bytes) and gives its id. @throws the AoErrors of {@link requestJson} */
  async upload(item: Uint8Array): Promise<string> {
    const { id } = await requestJson(this.#remote, '/tx/arweave', Uploaded, {
      method: 'POST',
      operation: 'uploadDataItem',
      headers: { 'content-type': 'application/octet-stream' },
      body: item,
    });
    return id;
  }
}
