/** A scheduler behind the router. */
export interface KnownScheduler {
  /** Base URL without a trailing slash. */
  url: string;
  /** Gets no new processes; the ones it has stay. */
  noRoute: boolean;
  /** Addresses whose processes go here before anywhere else. */
  wallets: readonly string[];
  /** Gets processes of those addresses only. */
  walletsOnly: boolean;
  /** Processes it has. */
  processes: number;
}

/** Where a new process of `owner` goes: to a scheduler for that address, else to the least loaded one. */
export function chooseScheduler(
  schedulers: readonly KnownScheduler[],
  owner: string,
): KnownScheduler | undefined {
  const open = schedulers.filter(({ noRoute }) => !noRoute);
  const reserved = open.find(({ wallets }) => wallets.includes(owner));
  if (reserved) return reserved;
  return open
    .filter(({ walletsOnly }) => !walletsOnly)
    .reduce<KnownScheduler | undefined>(
      (least, next) => (least && least.processes <= next.processes ? least : next),
      undefined,
    );
}
