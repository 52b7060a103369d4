/** Runs the work of one lane strictly in order, and all lanes side by side. */
export class Lanes {
  readonly #work: (seq: number) => Promise<void>;
  readonly #queues = new Map<string, number[]>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  /** `work` settles when the next one of the lane may follow; it must not reject. */
  constructor(work: (seq: number) => Promise<void>) {
    this.#work = work;
  }

  get size(): number {
    return this.#queues.size;
  }

  add(lane: string, seq: number): void {
    if (this.#stopped) return;
    const queue = this.#queues.get(lane);
    if (queue) {
      queue.push(seq);
      return;
    }
    const first = [seq];
    this.#queues.set(lane, first);
    const run = this.#run(lane, first).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** Takes up nothing more and waits for what is being worked on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #run(lane: string, queue: number[]): Promise<void> {
    for (let seq = queue.shift(); seq !== undefined && !this.#stopped; seq = queue.shift()) {
      await this.#work(seq);
    }
    this.#queues.delete(lane);
  }
}
