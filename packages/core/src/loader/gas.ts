import { outOfGas } from './failures.ts';
import type { WasmGlobal } from './webassembly.ts';

/**
 * The gas of one evaluation. A metered module counts in its own global (`attach`); an older one, metered before
 * it was published, reports each block through an import (`use`).
 */
export class Gas {
  readonly limit: number;
  #used = 0;
  #counter: WasmGlobal | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used + Number(this.#counter?.value ?? 0n);
  }

  get exhausted(): boolean {
    return this.used > this.limit;
  }

  attach(counter: WasmGlobal, limit: WasmGlobal): void {
    this.#counter = counter;
    limit.value = BigInt(this.limit);
  }

  use(amount: number): void {
    this.#used += amount;
    if (this.#used > this.limit) throw outOfGas(this.#used, this.limit);
  }

  refill(): void {
    this.#used = 0;
    if (this.#counter) this.#counter.value = 0n;
  }
}
