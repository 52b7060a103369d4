import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

const NAMED: Record<string, readonly string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fe80::/10'],
};

/** A set of IP addresses, from addresses and ranges (`10.0.0.0/8`). */
export class AddressSet {
  readonly #list = new BlockList();

  /** @throws Error naming the entry that is neither an address nor a range */
  constructor(entries: readonly string[]) {
    for (const entry of entries.flatMap((name) => NAMED[name] ?? [name])) this.#add(entry);
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }

  #add(entry: string): void {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const bits = prefix === undefined ? most : Number(prefix === '' ? Number.NaN : prefix);
    if (family === 0 || rest.length > 0 || !Number.isInteger(bits) || bits < 0 || bits > most) {
      throw new Error(`'${entry}' is neither an IP address nor a range like 10.0.0.0/8`);
    }
    this.#list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** An IPv4 address as it is written usually, also that of a client on a socket that listens for both kinds. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** Comma-separated addresses, ranges, `loopback` or `private`. */
export const EnvAddresses = z
  .string()
  .transform((text, context) => {
    try {
      return new AddressSet(
        text
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      );
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  })
  .meta({ kind: 'list of addresses' });
