import { AoError, errorMessage } from '@ao-ts/core';

export interface HeightSource {
  /** Height of the newest block of the chain. */
  height(): Promise<number>;
}

export interface HeightOptions {
  source: HeightSource;
  /** Height seen in an earlier run, if any. */
  lastSeen: number | undefined;
  refreshMs: number;
  onFailure: (message: string) => void;
}

/**
 * The height new assignments carry, kept fresh in the background and never decreasing. While the gateway is away
 * the last height seen is used; only a unit that has never seen one has to refuse work.
 */
export class BlockHeight {
  readonly #options: HeightOptions;
  #height: number | undefined;
  #underWay: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #failing = false;

  constructor(options: HeightOptions) {
    this.#options = options;
    this.#height = options.lastSeen;
  }

  /** @throws AoError `GATEWAY.NO_HEIGHT` if no height was ever seen */
  async current(): Promise<number> {
    if (this.#height === undefined) await this.refresh();
    if (this.#height !== undefined) return this.#height;
    throw new AoError(
      'GATEWAY.NO_HEIGHT',
      'The block height is not known yet because the gateway does not answer. Try again later.',
      { action: 'retry' },
    );
  }

  /** Asks the gateway once; a failure keeps the height there is. */
  refresh(): Promise<void> {
    this.#underWay ??= this.#ask().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  start(): void {
    void this.refresh().then(() => {
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.start(), this.#options.refreshMs);
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    try {
      const height = await this.#options.source.height();
      this.#height = Math.max(height, this.#height ?? 0);
      this.#failing = false;
    } catch (error) {
      // Once per outage: a line every few seconds says nothing new.
      if (!this.#failing && !this.#stopped) this.#options.onFailure(errorMessage(error));
      this.#failing = true;
    }
  }
}
