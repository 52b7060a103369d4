import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AoError } from '@ao-ts/core';
import type { BlobStore, Upload } from '../domain/blob-store.ts';
import { type ByteSource, memorySource } from '../domain/byte-source.ts';

/** Up to this size an upload stays in memory, and its bytes in the database. */
const SMALL_BYTES = 256 * 1024;
const READ_BYTES = 256 * 1024;

/**
 * Blobs as files of one folder: `<name>` is complete, `<name>.parts` waits for the rest, `<uuid>.receiving` is
 * an upload that was under way.
 */
export class BlobFiles implements BlobStore {
  readonly #folder: string;
  readonly #temporary = new WeakMap<Upload, string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the folder, and removes what uploads left behind that were under way at a crash. */
  static async open(folder: string): Promise<BlobFiles> {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      if (name.endsWith('.receiving')) await rm(join(folder, name), { force: true });
    }
    return new BlobFiles(folder);
  }

  async receive(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Upload> {
    const path = join(this.#folder, `${randomUUID()}.receiving`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    let file: FileHandle | undefined;
    try {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > maxBytes) throw tooLarge(maxBytes);
        chunks.push(chunk);
        if (size <= SMALL_BYTES) continue;
        file ??= await open(path, 'wx');
        for (const bytes of chunks.splice(0)) await file.appendFile(bytes);
      }
      await file?.datasync();
    } catch (error) {
      if (file) await rm(path, { force: true });
      throw error;
    } finally {
      await file?.close();
    }
    if (!file) {
      const bytes = Buffer.concat(chunks, size);
      return { ...memorySource(bytes), bytes, discard: async () => {} };
    }
    const upload: Upload = { ...fileSource(path, size), discard: () => rm(path, { force: true }) };
    this.#temporary.set(upload, path);
    return upload;
  }

  async keep(upload: Upload, name: string): Promise<void> {
    const path = this.#temporary.get(upload);
    if (!path) throw new TypeError('only an upload that is in a file can be kept as one');
    await this.#publish(path, name);
  }

  async open(name: string): Promise<ByteSource | undefined> {
    const path = join(this.#folder, name);
    const size = await sizeOf(path);
    return size === undefined ? undefined : fileSource(path, size);
  }

  async writePart(name: string, offset: number, bytes: Uint8Array): Promise<void> {
    const path = this.#parts(name);
    // 'a' would ignore the offset, 'r+' needs the file to be there.
    const file = (await sizeOf(path)) === undefined ? await open(path, 'w+') : await open(path, 'r+');
    try {
      for (let written = 0; written < bytes.length; ) {
        written += (await file.write(bytes, written, bytes.length - written, offset + written)).bytesWritten;
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async joinParts(name: string): Promise<void> {
    await this.#publish(this.#parts(name), name);
  }

  #parts(name: string): string {
    return join(this.#folder, `${name}.parts`);
  }

  async #publish(path: string, name: string): Promise<void> {
    await rename(path, join(this.#folder, name));
    // Without this the new name itself may not survive a power cut.
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

function tooLarge(maxBytes: number): AoError {
  return new AoError('REQUEST.TOO_LARGE', `The upload is larger than the ${maxBytes} bytes allowed.`, {
    action: 'fix',
    facts: { maxBytes },
  });
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function fileSource(path: string, size: number): ByteSource {
  return {
    size,
    async read(start, end) {
      const file = await open(path, 'r');
      try {
        const bytes = Buffer.alloc(Math.max(0, Math.min(end, size) - start));
        const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async *stream(start, end) {
      if (end > start) yield* createReadStream(path, { start, end: end - 1, highWaterMark: READ_BYTES });
    },
  };
}
