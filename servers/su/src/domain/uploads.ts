import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage, isAoError } from '@ao-ts/core';
import type { PendingUpload, UploadOutbox } from './upload-outbox.ts';

export interface UploadsOptions {
  outbox: UploadOutbox;
  /** Uploads one item; the same item may be sent again. */
  upload: (item: Uint8Array) => Promise<unknown>;
  /** True while items wait for their slot. */
  busy: () => boolean;
  /** Unix milliseconds. */
  clock: () => number;
  firstDelayMs: number;
  maxDelayMs: number;
  onFailure: (message: string) => void;
}

const BATCH = 64;
const LANES = 8;
/** Signing and uploading share the cores: while items wait for their slot, uploads wait too, but no longer than this. */
const MAX_YIELD_MS = 5000;
const YIELD_STEP_MS = 50;
/** What another program ordered is seen after this long. */
const LOOK_AGAIN_MS = 30_000;

/**
 * Puts every slot on Arweave, in the background and as often as it takes: the item first, then its assignment, so that
 * nobody sees an assignment of something that is not there. What the uploader has taken is struck off the outbox;
 * a crash in between means it is sent again.
 */
export class Uploads {
  readonly #options: UploadsOptions;
  #wake: () => void = () => {};
  #stopped = false;
  #done: Promise<void> | undefined;
  /** Rounds in a row in which the uploader took nothing. */
  #outage = 0;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** There is something new to upload. */
  wake(): void {
    // While the uploader is away, news must not cut the wait short.
    if (this.#outage === 0) this.#wake();
  }

  /** Takes up nothing new and waits for what is being sent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { outbox, clock } = this.#options;
    while (!this.#stopped) {
      // Armed before looking, so that what is written meanwhile is not slept over.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        const batch = await outbox.due(clock(), BATCH);
        if (batch.length > 0) await this.#send(batch);
        if (batch.length > 0 && this.#outage === 0) continue;
        await this.#sleep(woken, this.#outage > 0 ? this.#delay(this.#outage) : await this.#untilDue());
        await this.#yield();
      } catch (error) {
        this.#options.onFailure(errorMessage(error));
        this.#outage++;
        await this.#sleep(woken, this.#delay(this.#outage));
      }
    }
  }

  async #yield(): Promise<void> {
    for (let left = MAX_YIELD_MS; left > 0 && this.#options.busy() && !this.#stopped; left -= YIELD_STEP_MS) {
      await delay(YIELD_STEP_MS);
    }
  }

  async #send(batch: readonly PendingUpload[]): Promise<void> {
    const { outbox, clock } = this.#options;
    const left = [...batch];
    const sent: number[] = [];
    const untried = new Set(batch.map(({ sequence }) => sequence));
    let unreachable = false;
    const lane = async () => {
      for (let entry = left.shift(); entry && !unreachable && !this.#stopped; entry = left.shift()) {
        try {
          const { item, assignment } = await outbox.load(entry.sequence);
          if (item) await this.#options.upload(item);
          await this.#options.upload(assignment);
          sent.push(entry.sequence);
          untried.delete(entry.sequence);
        } catch (error) {
          if (this.#stopped) return;
          // An error that says "retry" is about the uploader, any other about this item.
          if (!isAoError(error) || error.action === 'retry') unreachable = true;
          if (this.#outage === 0) this.#options.onFailure(errorMessage(error));
          untried.delete(entry.sequence);
          await outbox.postpone(entry.sequence, clock() + this.#delay(entry.attempts + 1));
        }
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    if (sent.length > 0) await outbox.done(sent);
    if (untried.size > 0) await outbox.release([...untried]);
    this.#outage = unreachable && sent.length === 0 ? this.#outage + 1 : 0;
  }

  #delay(failures: number): number {
    return Math.min(this.#options.firstDelayMs * 2 ** (failures - 1), this.#options.maxDelayMs);
  }

  async #untilDue(): Promise<number> {
    const next = await this.#options.outbox.nextDue();
    return next === undefined ? LOOK_AGAIN_MS : Math.min(next - this.#options.clock(), LOOK_AGAIN_MS);
  }

  async #sleep(woken: Promise<void>, ms: number): Promise<void> {
    const timer = setTimeout(() => this.#wake(), Math.max(ms, 1));
    await woken;
    clearTimeout(timer);
  }
}
