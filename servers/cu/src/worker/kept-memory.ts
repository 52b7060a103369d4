import { type Instance, MARKED_PAGE, SNAPSHOT_PAGE, type Snapshot, updateSnapshot } from '@ao-ts/core/loader';
import { applyChange, type SnapshotChange, shareSnapshot } from './snapshot-change.ts';

const ZEROS = new Uint8Array(MARKED_PAGE);
const PAGES_IN_ONE = SNAPSHOT_PAGE / MARKED_PAGE;

/**
 * What the memory of an instance is after the last message that was kept, and goes back to after one that was not:
 * a snapshot, and the pages that have changed since. Both directions cost as much as the message wrote, whatever the
 * size of the memory.
 */
export class KeptMemory {
  #snapshot: Snapshot;
  #byteLength: number;
  readonly #changed = new Map<number, Uint8Array>();

  /** `snapshot` is what the instance holds. */
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
    for (const page of instance.takeChanges()) {
      const start = page * MARKED_PAGE;
      const content = memory.subarray(start, start + MARKED_PAGE);
      const known = this.#changed.get(page);
      if (known) known.set(content);
      else this.#changed.set(page, content.slice());
    }
    this.#byteLength = memory.length;
  }

  /** Takes back what the last message did; if its memory can not go back, `fresh` gives another instance. */
  putBack(instance: Instance, fresh: () => Instance): Instance {
    if (instance.revert(this.#byteLength, (page) => this.#content(page))) return instance;
    const other = fresh();
    other.restore(this.#snapshot);
    other.grow(this.#byteLength);
    this.#write(other, this.#changed.keys());
    return other;
  }

  /** Makes what was kept the new snapshot, and lets go of the old one. */
  takeSnapshot(instance: Instance): void {
    const memory = new Uint8Array(instance.memory.buffer);
    const pages = new Set([...this.#changed.keys()].map((page) => Math.floor(page / PAGES_IN_ONE)));
    this.#snapshot = shareSnapshot(updateSnapshot(memory, this.#snapshot, pages));
    this.#changed.clear();
  }

  /** Has the instance hold a later snapshot of the same process. False if its memory is larger than that. */
  follow(instance: Instance, change: SnapshotChange): boolean {
    if (this.#byteLength > change.byteLength) return false;
    const stale = new Set(this.#changed.keys());
    for (const page of [...change.changed.keys(), ...change.removed]) {
      for (let part = 0; part < PAGES_IN_ONE; part++) stale.add(page * PAGES_IN_ONE + part);
    }
    this.#snapshot = applyChange(this.#snapshot, change);
    this.#byteLength = change.byteLength;
    this.#changed.clear();
    instance.grow(change.byteLength);
    this.#write(instance, stale);
    return true;
  }

  #write(instance: Instance, pages: Iterable<number>): void {
    const memory = new Uint8Array(instance.memory.buffer);
    for (const page of pages) memory.set(this.#content(page), page * MARKED_PAGE);
  }

  #content(page: number): Uint8Array {
    const changed = this.#changed.get(page);
    if (changed) return changed;
    const whole = this.#snapshot.pages.get(Math.floor(page / PAGES_IN_ONE));
    const start = (page % PAGES_IN_ONE) * MARKED_PAGE;
    return whole ? whole.subarray(start, start + MARKED_PAGE) : ZEROS;
  }
}
