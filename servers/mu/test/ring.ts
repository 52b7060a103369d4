import type { DataItem } from '@ao-ts/core/ans104';
import { expect } from 'vitest';
import { type FakeNetwork, send } from './fake-network.ts';

const PLACES = 10;

/** Ten processes that pass tokens on in a circle, a number of hops each. Every hop is counted. */
export class Ring {
  readonly #network: FakeNetwork;
  readonly #tokens: number;
  readonly #hops: number;
  readonly #ring: string[];
  readonly #evaluated = new Map<string, number>();

  constructor(network: FakeNetwork, { tokens, hops }: { tokens: number; hops: number }) {
    this.#network = network;
    this.#tokens = tokens;
    this.#hops = hops;
    this.#ring = Array.from({ length: PLACES }, (_, place) =>
      network.addProcess(({ item }) => {
        const [token, hop] = [item?.tag('Token') ?? '', Number(item?.tag('Hop'))];
        const key = `${token}/${hop}`;
        this.#evaluated.set(key, (this.#evaluated.get(key) ?? 0) + 1);
        const next = this.#ring[(place + 1) % PLACES] ?? '';
        return hop === hops ? {} : { Messages: [send(next, { Token: token, Hop: String(hop + 1) })] };
      }),
    );
  }

  get total(): number {
    return this.#tokens * this.#hops;
  }

  get arrived(): number {
    return this.#evaluated.size;
  }

  /** What sets the tokens going. */
  items(): Promise<DataItem[]> {
    return Promise.all(
      Array.from({ length: this.#tokens }, (_, token) =>
        this.#network.message(this.#ring[token % PLACES] ?? '', [
          { name: 'Token', value: String(token) },
          { name: 'Hop', value: '1' },
        ]),
      ),
    );
  }

  /** Every hop was scheduled and evaluated exactly once. */
  check(): void {
    const scheduled = this.#ring.flatMap((process) => this.#network.items(process)).length;
    const most = Math.max(...this.#evaluated.values());
    expect([scheduled, this.arrived, most]).toEqual([this.total, this.total, 1]);
  }
}
