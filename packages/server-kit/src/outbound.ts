import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { AoError } from '@ao-ts/core';
import { AddressSet } from './proxies.ts';

/** Networks that are nobody's on the internet (IANA special-purpose registries), and those that translate to them. */
const PRIVATE = new AddressSet([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16'],
  ...['3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
]);

/** Which hosts a unit may be sent to by what others wrote: a redirect, or a Scheduler-Location. */
export interface OutboundGuard {
  /** URLs the operator configured; their hosts are reached wherever they are. */
  trusted: readonly (string | undefined)[];
}

/** The guard for a unit with these settings, or none if private addresses are allowed. */
export function outboundGuard(
  config: { ALLOW_PRIVATE_ADDRESSES: boolean },
  trusted: OutboundGuard['trusted'],
): { guard?: OutboundGuard } {
  return config.ALLOW_PRIVATE_ADDRESSES ? {} : { guard: { trusted } };
}

/** @throws AoError `HTTP.PRIVATE` if the host is an IP address of a private network */
export function refusePrivateLiteral(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && PRIVATE.has(address)) throw privateAddress(hostname, address);
}

/**
 * Resolves names for connections, and refuses those that lead to a private network. The connection goes to just the address that
 * was looked at, so a name that resolves differently the next moment gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const refused = addresses.find(({ address }) => PRIVATE.has(address));
    if (refused) return callback(privateAddress(hostname, refused.address), []);
    const [first] = addresses;
    if (options.all || !first) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

function privateAddress(hostname: string, address: string): AoError {
  return new AoError(
    'HTTP.PRIVATE',
    `${hostname} is at the private address ${address}, and others may not send this unit there. If it is a unit of your own, set ALLOW_PRIVATE_ADDRESSES=true.`,
    { action: 'never', facts: { hostname, address } },
  );
}
