import type { Drive } from '@ao-ts/core/loader';

/** Asks the main thread for a file of Arweave and blocks until it is there; undefined: no such file. */
export type FetchFile = (path: string, blockHeight: number) => Uint8Array | undefined;

/** WeaveDrive inside a worker thread. Files are fetched whole when they are opened. */
export class RemoteDrive implements Drive {
  readonly #fetch: FetchFile;
  #message = '';
  #used = false;

  constructor(fetch: FetchFile) {
    this.#fetch = fetch;
  }

  /** Whether the message under way has opened a file: repeating it would mean to read Arweave again. */
  get used(): boolean {
    return this.#used;
  }

  /** Begins a message. What it may read depends on the block it was scheduled at. */
  begin(message: string): void {
    this.#message = message;
    this.#used = false;
  }

  open(path: string): Uint8Array | undefined {
    this.#used = true;
    return this.#fetch(path, Number(JSON.parse(this.#message)['Block-Height']));
  }
}
