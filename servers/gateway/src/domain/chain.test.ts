import { describe, expect, it } from 'vitest';
import { Chain, type ChainStore, type Era } from './chain.ts';

function chainOf(options: { eras?: Era[]; intervalMs?: number; atLeast?: number } = {}) {
  const eras = options.eras ?? [];
  const store: ChainStore = { eras: () => [...eras], append: (era) => void eras.push(era) };
  const time = { now: 1_000_000 };
  const open = (intervalMs = options.intervalMs ?? 1000) =>
    Chain.open({ store, clock: () => time.now, startHeight: 100, intervalMs, atLeast: options.atLeast ?? 0 });
  return { eras, time, open, chain: open() };
}

const seconds = (chain: Chain, ...heights: number[]) => heights.map((h) => chain.block(h)?.timestamp);

describe('a chain', () => {
  it('has a block per interval, and stores none of them', () => {
    const { chain, time, eras } = chainOf();
    expect(chain.tip).toBe(100);
    time.now += 7 * 24 * 3600 * 1000;
    expect(chain.tip).toBe(100 + 604_800);
    expect(eras).toHaveLength(1);
    expect(seconds(chain, 100, 101, 700)).toEqual([1000, 1001, 1600]);
  });

  it('mines by request, in between as well', () => {
    const { chain, time } = chainOf();
    time.now += 2500;
    chain.mine(3);
    expect(chain.tip).toBe(105);
    expect(seconds(chain, 102, 103, 104, 105)).toEqual([1002, 1002, 1002, 1002]);
    time.now += 1000;
    expect(chain.tip).toBe(106);
    expect(seconds(chain, 106)).toEqual([1003]);
  });

  it('mines only by request when the interval is 0', () => {
    const { chain, time } = chainOf({ intervalMs: 0 });
    time.now += 50_000;
    expect(chain.tip).toBe(100);
    chain.mine(2);
    time.now += 50_000;
    chain.mine(1);
    expect(chain.tip).toBe(103);
    expect(seconds(chain, 100, 101, 102, 103)).toEqual([1000, 1050, 1050, 1100]);
  });

  it('goes on after a restart, with the past as it was', () => {
    const { chain, time, open } = chainOf();
    time.now += 5000;
    const past = [100, 101, 105].map((height) => chain.block(height));
    time.now += 5000;
    const again = open();
    expect(again.tip).toBe(110);
    const slower = open(10_000);
    expect(slower.tip).toBe(111);
    time.now += 10_000;
    expect(slower.tip).toBe(112);
    expect([100, 101, 105].map((height) => slower.block(height))).toEqual(past);
    expect(seconds(slower, 110, 111, 112)).toEqual([1010, 1010, 1020]);
  });

  it('never goes back, even if the clock does', () => {
    const { chain, time, open } = chainOf();
    time.now += 5000;
    expect(chain.tip).toBe(105);
    time.now -= 4000;
    expect(chain.tip).toBe(105);
    chain.mine(1);
    expect(chain.tip).toBe(106);
    const last = chain.block(106);
    expect(last?.timestamp).toBeGreaterThanOrEqual(chain.block(105)?.timestamp ?? 0);
    expect(open().tip).toBe(106);
    expect(chainOf({ atLeast: 250 }).chain.tip).toBe(250);
  });

  it('links its blocks, and finds each by its id', () => {
    const { chain, time } = chainOf();
    time.now += 20_000;
    for (let height = 101; height <= 120; height++) {
      const block = chain.block(height);
      expect(block?.previous).toBe(chain.block(height - 1)?.id);
      expect(chain.blockById(block?.id ?? '')).toEqual(block);
    }
    expect(chain.block(100)?.previous).toBe('');
    expect(new Set(Array.from({ length: 21 }, (_, n) => chain.block(100 + n)?.id)).size).toBe(21);
  });

  it('has no block that is not there', () => {
    const { chain } = chainOf();
    for (const height of [99, 101, -1, 100.5, Number.NaN]) expect(chain.block(height)).toBeUndefined();
    const id = Buffer.from(chain.block(100)?.id ?? '', 'base64url');
    id[0] = (id[0] ?? 0) ^ 1;
    expect(chain.blockById(id.toString('base64url'))).toBeUndefined();
    expect(chain.blockById('')).toBeUndefined();
  });

  it.each([0, -1, 100_001])('does not mine %i blocks at once', (count) => {
    expect(() => chainOf().chain.mine(count)).toThrow('can be mined at once');
  });
});
