export interface Backoff {
  firstDelayMs: number;
  maxDelayMs: number;
  /** Age of a node at which it is given up. */
  maxAgeMs: number;
}

/** Ms to wait before the next attempt: doubling up to the cap, of which the upper half is by chance. */
export function delayAfter(
  failures: number,
  { firstDelayMs, maxDelayMs }: Backoff,
  random: () => number,
): number {
  const full = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
