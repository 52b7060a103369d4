import { createHash } from 'node:crypto';
import { AoError } from '@ao-ts/core';

/** From this block on, a block every `intervalMs` (0: only when mined by request). */
export interface Era {
  height: number;
  /** Unix milliseconds of the block at `height`. */
  timeMs: number;
  intervalMs: number;
}

export interface ChainStore {
  eras(): Era[];
  /** Durable when it returns. */
  append(era: Era): void;
}

export interface Block {
  height: number;
  /** base64url of 48 bytes. */
  id: string;
  /** Id of the block before; empty for the first. */
  previous: string;
  /** Unix seconds. */
  timestamp: number;
}

export interface ChainOptions {
  store: ChainStore;
  /** Unix milliseconds. */
  clock: () => number;
  /** Height of the first block, for a chain that does not exist yet. */
  startHeight: number;
  intervalMs: number;
  /** Lower bound of the tip, whatever the clock says. */
  atLeast: number;
}

/**
 * The blocks of this network. They follow from the time that passed, so nothing is stored for an empty block:
 * what is kept are the moments at which the rule changed (a block mined by request, another block time).
 */
export class Chain {
  readonly #eras: Era[];
  readonly #store: ChainStore;
  readonly #clock: () => number;
  #tip: number;

  private constructor({ store, clock, atLeast }: ChainOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#eras = store.eras();
    this.#tip = atLeast;
  }

  /** Goes on with the stored chain, or starts one. */
  static open(options: ChainOptions): Chain {
    const { startHeight, intervalMs, clock } = options;
    const chain = new Chain(options);
    if (chain.#eras.length === 0) chain.#append({ height: startHeight, timeMs: clock(), intervalMs });
    else if (chain.#last.intervalMs !== intervalMs) chain.#mine(1, intervalMs);
    return chain;
  }

  /** Height of the first block. */
  get start(): number {
    return this.#era(0).height;
  }

  /** Height of the newest block. Never goes back, even if the clock does. */
  get tip(): number {
    const { height, timeMs, intervalMs } = this.#last;
    const passed = intervalMs === 0 ? 0 : Math.floor((this.#clock() - timeMs) / intervalMs);
    this.#tip = Math.max(this.#tip, height, height + passed);
    return this.#tip;
  }

  /** The block at that height, or undefined if there is none (yet). */
  block(height: number): Block | undefined {
    if (!Number.isSafeInteger(height) || height < this.start || height > this.tip) return undefined;
    return {
      height,
      id: this.#id(height),
      previous: height === this.start ? '' : this.#id(height - 1),
      timestamp: Math.floor(this.#timeMs(height) / 1000),
    };
  }

  blockById(id: string): Block | undefined {
    const bytes = Buffer.from(id, 'base64url');
    if (bytes.length !== ID_BYTES) return undefined;
    const block = this.block(Number(bytes.readBigUInt64BE(ID_BYTES - 8)));
    return block?.id === id ? block : undefined;
  }

  /**
   * Adds `count` blocks at once.
   * @throws AoError `BLOCK.COUNT`
   */
  mine(count: number): void {
    if (count < 1 || count > MAX_MINED) {
      throw new AoError('BLOCK.COUNT', `Between 1 and ${MAX_MINED} blocks can be mined at once.`, {
        action: 'fix',
      });
    }
    this.#mine(count, this.#last.intervalMs);
  }

  #mine(count: number, intervalMs: number): void {
    const tip = this.tip;
    this.#append({
      height: tip + count,
      timeMs: Math.max(this.#clock(), this.#timeMs(tip)),
      intervalMs,
    });
  }

  #append(era: Era): void {
    this.#store.append(era);
    this.#eras.push(era);
  }

  get #last(): Era {
    return this.#era(this.#eras.length - 1);
  }

  #era(index: number): Era {
    const era = this.#eras[index];
    if (!era) throw new RangeError(`no era ${index}`);
    return era;
  }

  #timeMs(height: number): number {
    let low = 0;
    let high = this.#eras.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#era(middle).height <= height) low = middle;
      else high = middle - 1;
    }
    const era = this.#era(low);
    const next = this.#eras[low + 1];
    if (height === era.height) return era.timeMs;
    // Blocks mined by request all carry the time of the request.
    if (era.intervalMs === 0) return next?.timeMs ?? era.timeMs;
    return Math.min(era.timeMs + (height - era.height) * era.intervalMs, next?.timeMs ?? Infinity);
  }

  // The height is part of the id, so that a block is found by its id without a table of blocks.
  #id(height: number): string {
    const bytes = createHash('sha384')
      .update(`${this.#era(0).timeMs}:${height}`)
      .digest();
    bytes.writeBigUInt64BE(BigInt(height), ID_BYTES - 8);
    return bytes.toString('base64url');
  }
}

const ID_BYTES = 48;
const MAX_MINED = 100_000;
