import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshot } from '@ao-ts/core/loader';
import type { Point } from '../domain/slot.ts';
import type { SnapshotStore, StoredSnapshot } from '../domain/snapshot-store.ts';
import { applyChange, snapshotChange } from '../worker/snapshot-change.ts';
import { decodeSnapshotFile, encodeSnapshotFile } from './snapshot-file.ts';

/** What a process has on the disk, as far as this run wrote or read it. */
interface Chain {
  last: Snapshot;
  files: string[];
  /** Bytes of the first file, and of those that build on it. */
  wholeSize: number;
  changesSize: number;
}

const MAX_CHAIN = 64;
const NAME = /^(\d+)-(\d+)\.snapshot$/;

/**
 * Snapshots as files, one folder per process. A file holds a whole snapshot, or what changed since another file; when
 * the changes have grown as large as the whole, a whole one is written and what came before it is removed. A file
 * appears under its name only when it is complete.
 */
export class SnapshotFiles implements SnapshotStore {
  readonly #directory: string;
  readonly #chains = new Map<string, Chain>();
  #serial = Date.now();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async save(processId: string, { snapshot, point }: StoredSnapshot): Promise<void> {
    const folder = join(this.#directory, processId);
    const chain = this.#chains.get(processId);
    const since = snapshotChange(chain?.last, snapshot);
    const extend =
      chain !== undefined &&
      chain.files.length < MAX_CHAIN &&
      chain.changesSize < chain.wholeSize &&
      // With most pages changed, a whole one costs hardly more to write, and half as much to read.
      since.changed.size < snapshot.pages.size / 2;
    const previous = extend ? (chain.files.at(-1) ?? null) : null;
    const change = extend ? since : snapshotChange(undefined, snapshot);
    const name = `${Math.max(0, point.nonce)}-${++this.#serial}.snapshot`;
    await mkdir(folder, { recursive: true });
    const size = await writeWhole(join(folder, name), encodeSnapshotFile({ point, previous }, change));
    if (extend) {
      chain.last = snapshot;
      chain.files.push(name);
      chain.changesSize += size;
      return;
    }
    this.#chains.set(processId, { last: snapshot, files: [name], wholeSize: size, changesSize: 0 });
    // The chain before this one stays as well: it is what is left if this file should turn out to be damaged.
    const keep = new Set([name, ...(chain?.files ?? [])]);
    const stale = chain ? (await readdir(folder)).filter((file) => !keep.has(file)) : [];
    await Promise.all(stale.map((file) => rm(join(folder, file), { force: true })));
  }

  release(processId: string): void {
    this.#chains.delete(processId);
  }

  async newest(processId: string, upTo: number): Promise<StoredSnapshot | undefined> {
    const folder = join(this.#directory, processId);
    const names = await readdir(folder).catch(() => []);
    const files = names
      .map((name) => ({ name, match: NAME.exec(name) }))
      .filter(({ match }) => match && Number(match[1]) <= upTo)
      .sort((a, b) => Number(b.match?.[2]) - Number(a.match?.[2]));
    for (const { name } of files) {
      const chain = await readChain(folder, name).catch(() => undefined);
      if (!chain || chain.point.nonce > upTo) continue;
      const { point, ...rest } = chain;
      // What comes next builds on it: a process that wakes up and goes to sleep again writes what it changed.
      this.#chains.set(processId, rest);
      return { point, snapshot: rest.last };
    }
    return undefined;
  }
}

async function readChain(folder: string, name: string): Promise<Chain & { point: Point }> {
  const bytes = await readFile(join(folder, name));
  const { point, previous, change } = await decodeSnapshotFile(bytes);
  const size = bytes.length;
  if (previous === null) {
    return { point, last: applyChange(undefined, change), files: [name], wholeSize: size, changesSize: 0 };
  }
  const { last, files, wholeSize, changesSize } = await readChain(folder, previous);
  return {
    point,
    last: applyChange(last, change),
    files: [...files, name],
    wholeSize,
    changesSize: changesSize + size,
  };
}

/** Answers with its size in bytes. */
async function writeWhole(path: string, content: AsyncIterable<Buffer>): Promise<number> {
  const draft = `${path}.new`;
  try {
    const file = await open(draft, 'w');
    let size: number;
    try {
      await file.writeFile(content);
      await file.sync();
      size = (await file.stat()).size;
    } finally {
      await file.close();
    }
    await rename(draft, path);
    return size;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
