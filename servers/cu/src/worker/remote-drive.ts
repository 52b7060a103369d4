import { AoError } from '@ao-ts/core';
import type { Drive } from '@ao-ts/core/loader';

/** Asks the main thread for a file of Arweave and blocks until it is there; undefined: no such file. */
export type FetchFile = (path: string, blockHeight: number) => Uint8Array | undefined;

/** Above the numbers a C program uses for its standard streams. */
const FIRST_FILE = 100;

interface OpenFile {
  content: Uint8Array;
  position: number;
}

/** WeaveDrive inside a worker thread. Files are fetched whole when they are opened and forgotten with the message. */
export class RemoteDrive implements Drive {
  readonly #fetch: FetchFile;
  #message = '';
  #files = new Map<number, OpenFile>();
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
    this.#files = new Map();
    this.#used = false;
  }

  open(path: string): number {
    this.#used = true;
    const content = this.#fetch(path, Number(JSON.parse(this.#message)['Block-Height']));
    if (!content) return 0;
    const file = FIRST_FILE + this.#files.size;
    this.#files.set(file, { content, position: 0 });
    return file;
  }

  read(file: number, length: number): Uint8Array {
    const open = this.#files.get(file);
    if (!open) throw new AoError('EVAL.DRIVE', `File ${file} is not open.`, { action: 'never' });
    // Programs seek to the end to learn the size, and read on from there: they expect the file from its start.
    if (open.position >= open.content.length) open.position = 0;
    const bytes = open.content.subarray(open.position, open.position + length);
    open.position += bytes.length;
    return bytes;
  }

  close(_file: number): void {}
}
