import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The binaries of modules on the local disk, so that each is fetched from Arweave once. */
export class ModuleFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.#path(name));
    } catch {
      return undefined;
    }
  }

  /** Appears under its name only when it is whole. */
  async write(name: string, binary: Uint8Array): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const path = this.#path(name);
    await writeFile(`${path}.new`, binary);
    await rename(`${path}.new`, path);
  }

  #path(name: string): string {
    return join(this.#directory, `${name}.wasm`);
  }
}
