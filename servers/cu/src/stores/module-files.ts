import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isId } from '@ao-ts/core';

/** The binaries of modules on the local disk, so that each is fetched from Arweave once. */
export class ModuleFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(id: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#path(id));
    } catch {
      return undefined;
    }
  }

  /** Appears under its name only when it is whole. */
  async write(id: string, binary: Uint8Array): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const path = this.#path(id);
    await writeFile(`${path}.new`, binary);
    await rename(`${path}.new`, path);
  }

  #path(id: string): string {
    if (!isId(id)) throw new Error(`not an id: ${id}`);
    return join(this.#directory, `${id}.wasm`);
  }
}
