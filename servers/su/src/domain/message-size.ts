import type { DataItem } from '@ao-ts/core/ans104';
import { refused } from './errors.ts';

/** How large messages may be, and for whom that does not count. */
export interface MessageSizeLimit {
  /** Of the whole signed item. */
  maxBytes: number;
  /** Addresses that may send more. */
  owners: readonly string[];
  /** Addresses that may send more for the processes in `from`. */
  fromOwners: readonly string[];
  from: readonly string[];
}

/** @throws AoError `SCHEDULE.REFUSED` */
export function checkMessageSize(item: DataItem, limit: MessageSizeLimit | undefined): void {
  if (!limit || item.raw.length <= limit.maxBytes) return;
  if (limit.owners.includes(item.ownerAddress)) return;
  const from = item.tag('From-Process') ?? '';
  if (limit.fromOwners.includes(item.ownerAddress) && limit.from.includes(from)) return;
  throw refused(`Message size exceeds maximum of ${limit.maxBytes} bytes`, { size: item.raw.length });
}
