interface LaneWork {
  /** Begins what can be done before its turn comes. */
  prepare: (seq: number) => void;
  /** Settles when the next one of the lane may follow; must not reject. */
  work: (seq: number) => Promise<void>;
}

/** Works on one of a lane after the other, strictly in order, and on all lanes side by side. The next one is prepared. */
export class Lanes {
  readonly #each: LaneWork;
  readonly #queues = new Map<string, number[]>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(each: LaneWork) {
    this.#each = each;
  }

  get size(): number {
    return this.#queues.size;
  }

  add(lane: string, seq: number): void {
    if (this.#stopped) return;
    const queue = this.#queues.get(lane);
    if (queue) {
      queue.push(seq);
      if (queue.length === 1) this.#each.prepare(seq);
      return;
    }
    const first = [seq];
    this.#queues.set(lane, first);
    this.#each.prepare(seq);
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
      const [next] = queue;
      if (next !== undefined) this.#each.prepare(next);
      await this.#each.work(seq);
    }
    this.#queues.delete(lane);
  }
}
