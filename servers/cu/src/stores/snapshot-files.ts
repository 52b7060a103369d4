import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshot } from '@ao-ts/core/loader';
import type { SnapshotStore, StoredSnapshot } from '../domain/snapshot-store.ts';
import { applyChange, snapshotChange } from '../worker/snapshot-change.ts';
import { decodeSnapshotFile, encodeSnapshotFile } from './snapshot-file.ts';

/** What a process has on the disk, as far as this run wrote it. */
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
    const extend = chain && chain.files.length < MAX_CHAIN && chain.changesSize < chain.wholeSize;
    const previous = extend ? (chain.files.at(-1) ?? null) : null;
    const change = snapshotChange(extend ? chain.last : undefined, snapshot);
    const bytes = await encodeSnapshotFile({ point, previous }, change);
    const name = `${Math.max(0, point.nonce)}-${++this.#serial}.snapshot`;
    await mkdir(folder, { recursive: true });
    await writeWhole(join(folder, name), bytes);
    if (extend) {
      chain.last = snapshot;
      chain.files.push(name);
      chain.changesSize += bytes.length;
      return;
    }
    this.#chains.set(processId, { last: snapshot, files: [name], wholeSize: bytes.length, changesSize: 0 });
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
      const stored = await readChain(folder, name).catch(() => undefined);
      if (stored && stored.point.nonce <= upTo) return stored;
    }
    return undefined;
  }
}

async function readChain(folder: string, name: string): Promise<StoredSnapshot> {
  const { point, previous, change } = await decodeSnapshotFile(await readFile(join(folder, name)));
  const before = previous === null ? undefined : (await readChain(folder, previous)).snapshot;
  return { point, snapshot: applyChange(before, change) };
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.new`;
  try {
    const file = await open(draft, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
