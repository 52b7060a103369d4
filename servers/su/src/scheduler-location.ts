import { createDataItem, type DataItem, type Signer } from '@ao-ts/core/ans104';

/**
 * The record by which everyone finds a scheduler: upload it, and processes that name the signer's address in their
 * `Scheduler` tag are looked for at `url` (its origin; paths are not supported), believed for `ttlMs` milliseconds.
 */
export function schedulerLocation(signer: Signer, url: string, ttlMs: number): Promise<DataItem> {
  const tags = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Scheduler-Location' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Url', value: new URL(url).origin },
    { name: 'Time-To-Live', value: String(ttlMs) },
  ];
  return createDataItem({ tags }, signer);
}
