import { type Instance, MARKED_PAGE, SNAPSHOT_PAGE, type Snapshot } from '@ao-ts/core/loader';
import { applyChange, type SnapshotChange, sharedCopy } from './snapshot-change.ts';

const ZEROS = new Uint8Array(SNAPSHOT_PAGE);
/** The module marks finer pages than a snapshot is made of. */
const PARTS = SNAPSHOT_PAGE / MARKED_PAGE;

/**
 * What the memory of an instance is after the last message that was kept, and goes back to after one that was not:
 * a snapshot, and the pages that have changed since. Both directions cost as much as the message wrote, whatever the
 * size of the memory.
 */
export class KeptMemory {
  #snapshot: Snapshot;
  #byteLength: number;
  /** On memory that all threads see: they become pages of the next snapshot as they are. */
  #changed = new Map<number, Uint8Array>();

  /** `snapshot` is what the instance holds; its pages are on memory that all threads see. */
  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#byteLength = snapshot.byteLength;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Takes over what the last message did. */
  keep(instance: Instance): void {
    const memory = new Uint8Array(instance.memory.buffer);
    for (const part of instance.takeChanges()) {
      const page = Math.floor(part / PARTS);
      const known = this.#changed.get(page);
      if (known) known.set(memory.subarray(part * MARKED_PAGE, (part + 1) * MARKED_PAGE), offsetOf(part));
      else {
        this.#changed.set(
          page,
          sharedCopy(memory.subarray(page * SNAPSHOT_PAGE, (page + 1) * SNAPSHOT_PAGE)),
        );
      }
    }
    this.#byteLength = memory.length;
  }

  /** Takes back what the last message did; if its memory can not go back, `fresh` gives another instance. */
  putBack(instance: Instance, fresh: () => Instance): Instance {
    const content = (part: number) => {
      const page = this.#content(Math.floor(part / PARTS));
      return page.subarray(offsetOf(part), offsetOf(part) + MARKED_PAGE);
    };
    if (instance.revert(this.#byteLength, content)) return instance;
    const other = fresh();
    other.restore(this.#snapshot);
    other.grow(this.#byteLength);
    this.#write(other, this.#changed.keys());
    return other;
  }

  /** Makes what was kept the new snapshot, and lets go of the old one. */
  takeSnapshot(): void {
    const pages = new Map(this.#snapshot.pages);
    for (const [page, content] of this.#changed) {
      if (same(content, pages.get(page) ?? ZEROS)) continue;
      if (same(content, ZEROS)) pages.delete(page);
      else pages.set(page, content);
    }
    this.#snapshot = { byteLength: this.#byteLength, pages };
    this.#changed = new Map();
  }

  /** Has the instance hold a later snapshot of the same process. False if its memory is larger than that. */
  follow(instance: Instance, change: SnapshotChange): boolean {
    if (this.#byteLength > change.byteLength) return false;
    const stale = new Set([...this.#changed.keys(), ...change.changed.keys(), ...change.removed]);
    this.#snapshot = applyChange(this.#snapshot, change);
    this.#byteLength = change.byteLength;
    this.#changed = new Map();
    instance.grow(change.byteLength);
    this.#write(instance, stale);
    return true;
  }

  #write(instance: Instance, pages: Iterable<number>): void {
    const memory = new Uint8Array(instance.memory.buffer);
    for (const page of pages) memory.set(this.#content(page), page * SNAPSHOT_PAGE);
  }

  #content(page: number): Uint8Array {
    return this.#changed.get(page) ?? this.#snapshot.pages.get(page) ?? ZEROS;
  }
}

/** Where a marked page begins in its page of a snapshot. */
function offsetOf(part: number): number {
  return (part % PARTS) * MARKED_PAGE;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
