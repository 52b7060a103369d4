import { cyrb53 } from './cyrb53.ts';

/** Gives the hosts in the order in which they are tried for a process: the same on every router with the same list. */
export type HostOrder = (processId: string) => string[];

/**
 * The order every other router uses: the host at `hash mod n`, then those after it in the list. Another host in the
 * list moves most processes, and with them their memory.
 */
export function byModulo(hosts: readonly string[]): HostOrder {
  return (processId) => {
    const first = cyrb53(processId) % hosts.length;
    return [...hosts.slice(first), ...hosts.slice(0, first)];
  };
}

/**
 * Rendezvous hashing: each host has a score for each process, the highest wins. Another host takes one n-th of the
 * processes and moves no others; the order of the list does not matter.
 */
export function byRendezvous(hosts: readonly string[]): HostOrder {
  return (processId) =>
    hosts
      .map((host) => ({ host, score: cyrb53(`${processId} ${host}`) }))
      .sort((one, other) => other.score - one.score)
      .map(({ host }) => host);
}
