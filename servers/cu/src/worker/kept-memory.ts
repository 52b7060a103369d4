import { type Instance, MARKED_PAGE, SNAPSHOT_PAGE, type Snapshot } from '@ao-ts/core/loader';
import { applyChange, type SnapshotChange, sharedCopy } from './snapshot-change.ts';

const ZEROS = new Uint8Array(SNAPSHOT_PAGE);
/** The module marks finer pages than a snapshot is made of. */
const PARTS = SNAPSHOT_PAGE / MARKED_PAGE;
/** Address space is cheap, and only what is written to takes memory. */
const LARGEST = 16 * 1024 ** 3;

/**
 * What the memory of an instance is after the last message that was kept, and goes back to after one that was not:
 * a snapshot, and copies of the pages that have changed since the process came to life here. Both directions cost as
 * much as the message wrote, whatever the size of the memory. The copies stay where they are: writing over memory
 * that is in use costs a fraction of what fresh memory costs.
 */
export class KeptMemory {
  #snapshot: Snapshot;
  #byteLength: number;
  /** As large as the memory; holds the pages in `#copied`. */
  readonly #copies: ArrayBuffer;
  readonly #copied = new Set<number>();
  /** Pages that may differ from those of the snapshot; they are all copied. */
  #changed = new Set<number>();

  /** `snapshot` is what the instance holds; its pages are on memory that all threads see. */
  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#byteLength = snapshot.byteLength;
    this.#copies = new ArrayBuffer(snapshot.byteLength, { maxByteLength: LARGEST });
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Takes over what the last message did. */
  keep(instance: Instance): void {
    const memory = new Uint8Array(instance.memory.buffer);
    this.#grow(memory.length);
    const copies = new Uint8Array(this.#copies);
    for (const part of instance.takeChanges()) {
      const page = Math.floor(part / PARTS);
      const [start, end] = this.#copied.has(page)
        ? [part * MARKED_PAGE, (part + 1) * MARKED_PAGE]
        : [page * SNAPSHOT_PAGE, (page + 1) * SNAPSHOT_PAGE];
      copies.set(memory.subarray(start, end), start);
      this.#copied.add(page);
      this.#changed.add(page);
    }
  }

  /** Takes back what the last message did; if its memory can not go back, `fresh` gives another instance. */
  putBack(instance: Instance, fresh: () => Instance): Instance {
    const content = (part: number) => {
      const start = (part % PARTS) * MARKED_PAGE;
      return this.#content(Math.floor(part / PARTS)).subarray(start, start + MARKED_PAGE);
    };
    if (instance.revert(this.#byteLength, content)) return instance;
    const other = fresh();
    other.restore(this.#snapshot);
    other.grow(this.#byteLength);
    this.#write(other, this.#changed);
    return other;
  }

  /** Makes what was kept the new snapshot, and lets go of the old one. */
  takeSnapshot(): void {
    const pages = new Map(this.#snapshot.pages);
    for (const page of this.#changed) {
      const content = this.#content(page);
      if (same(content, pages.get(page) ?? ZEROS)) continue;
      if (same(content, ZEROS)) pages.delete(page);
      else pages.set(page, sharedCopy(content));
    }
    this.#snapshot = { byteLength: this.#byteLength, pages };
    this.#changed = new Set();
  }

  /** Has the instance hold a later snapshot of the same process. False if its memory is larger than that. */
  follow(instance: Instance, change: SnapshotChange): boolean {
    if (this.#byteLength > change.byteLength) return false;
    const stale = new Set([...this.#changed, ...change.changed.keys(), ...change.removed]);
    this.#snapshot = applyChange(this.#snapshot, change);
    for (const page of stale) this.#copied.delete(page);
    this.#changed = new Set();
    this.#grow(change.byteLength);
    instance.grow(change.byteLength);
    this.#write(instance, stale);
    return true;
  }

  #grow(byteLength: number): void {
    if (byteLength > this.#byteLength) this.#copies.resize(byteLength);
    this.#byteLength = byteLength;
  }

  #write(instance: Instance, pages: Iterable<number>): void {
    const memory = new Uint8Array(instance.memory.buffer);
    for (const page of pages) memory.set(this.#content(page), page * SNAPSHOT_PAGE);
  }

  #content(page: number): Uint8Array {
    if (!this.#copied.has(page)) return this.#snapshot.pages.get(page) ?? ZEROS;
    const start = page * SNAPSHOT_PAGE;
    return new Uint8Array(this.#copies, start, SNAPSHOT_PAGE);
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
