import { Worker } from 'node:worker_threads';
import type { AoError } from '@ao-ts/core';
import { storeFailed } from '../domain/errors.ts';
import { type Failure, fromFailure } from '../thread-failure.ts';
import type { Order } from './sqlite-orders.ts';

/** Who takes orders to write. @throws AoError what undid the order */
export interface OrderWriter {
  write(order: Order): Promise<void>;
  close(): Promise<void>;
}

interface Pending {
  order: Order;
  resolve: () => void;
  reject: (error: unknown) => void;
}

// Compiled code is next to compiled code; run from source, Node reads the types away.
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './sqlite-writer-thread.ts' : './sqlite-writer-thread.js',
  import.meta.url,
);

/**
 * Writes on a thread of its own, so that neither signing nor reading waits for the disk. What is ordered while a
 * commit is under way shares the next one.
 */
export class SqliteWriter implements OrderWriter {
  readonly #path: string;
  #worker: Worker | undefined;
  #waiting: Pending[] = [];
  #underWay: Pending[] = [];

  /** The schema of the database at `path` must be there. */
  constructor(path: string) {
    this.#path = path;
    // At once, so that the first order does not wait for a thread to start.
    this.#worker = this.#start();
  }

  write(order: Order): Promise<void> {
    return new Promise((resolve, reject) => {
      // At the end of the turn, so that everything ordered in it is committed together.
      if (this.#waiting.length === 0) setImmediate(() => this.#send());
      this.#waiting.push({ order, resolve, reject });
    });
  }

  async close(): Promise<void> {
    // Orders are carried out in order, so after this one all are.
    await this.write({ kind: 'uploaded', sequences: [] }).catch(() => {});
    const worker = this.#worker;
    if (!worker) return;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage(undefined);
    await exited;
  }

  #send(): void {
    if (this.#underWay.length > 0 || this.#waiting.length === 0) return;
    this.#underWay = this.#waiting;
    this.#waiting = [];
    this.#worker ??= this.#start();
    const orders = this.#underWay.map(({ order }) => withOwnBytes(order));
    this.#worker.postMessage(orders, orders.flatMap(buffersOf));
  }

  #start(): Worker {
    const worker = new Worker(ENTRY, { workerData: this.#path });
    worker.on('message', (failures: (Failure | undefined)[]) => {
      this.#settle((index) => {
        const failure = failures[index];
        return failure && fromFailure(failure);
      });
    });
    worker.on('error', (error) => {
      this.#worker = undefined;
      // Whether the commit happened is not known: heads are read again.
      this.#settle(() => storeFailed(error));
    });
    return worker;
  }

  #settle(errorOf: (index: number) => AoError | undefined): void {
    const done = this.#underWay;
    this.#underWay = [];
    for (const [index, { resolve, reject }] of done.entries()) {
      const error = errorOf(index);
      if (error) reject(error);
      else resolve();
    }
    this.#send();
  }
}

// A view takes the whole buffer behind it along, and that of a small item is shared with strangers.
function withOwnBytes(order: Order): Order {
  if (order.kind !== 'append') return order;
  const { slot } = order;
  const assignment = new Uint8Array(slot.assignment);
  return { ...order, slot: { ...slot, assignment, item: slot.item && new Uint8Array(slot.item) } };
}

function buffersOf(order: Order): ArrayBuffer[] {
  if (order.kind !== 'append') return [];
  const { assignment, item } = order.slot;
  return [assignment, item].flatMap((bytes) => (bytes ? [bytes.buffer as ArrayBuffer] : []));
}
