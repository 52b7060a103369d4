import { AoError, errorMessage } from '@ao-ts/core';
import {
  BUNDLE_COUNT_BYTES,
  BUNDLE_LINE_BYTES,
  bundleCount,
  bundleTable,
  type Tag,
  tagValue,
} from '@ao-ts/core/ans104';
import type { ByteSource } from './byte-source.ts';
import { readSignedItem, type SignedItem } from './signed-item.ts';

export interface BundledItem extends SignedItem {
  /** Id of the bundle the item is in. */
  parent: string;
}

export interface Unbundled {
  items: BundledItem[];
  /** What was left out, and why: the rest of a bundle does not suffer from it. */
  warnings: string[];
}

/** Items in one upload, nested ones included. */
const MAX_ITEMS = 20_000;
const MAX_DEPTH = 8;
const MAX_WARNINGS = 20;

/** True if the data of something with these tags is an ANS-104 bundle. */
export function isBundle(tags: readonly Tag[]): boolean {
  return tagValue(tags, 'Bundle-Format') === 'binary' && tagValue(tags, 'Bundle-Version') === '2.0.0';
}

/** The items of the bundle between `start` and `end`, those of bundles in it included. Never throws for its content. */
export async function unbundle(
  source: ByteSource,
  bundle: { id: string; start: number; end: number },
): Promise<Unbundled> {
  const items: BundledItem[] = [];
  const warnings: string[] = [];
  const warn = (what: string, error: unknown) => {
    if (warnings.length < MAX_WARNINGS) warnings.push(`${what} was not indexed: ${errorMessage(error)}`);
  };

  const read = async (start: number, end: number, depth: number, parent: string): Promise<void> => {
    if (depth > MAX_DEPTH) throw limit(`Bundles can be nested ${MAX_DEPTH} deep.`);
    const size = end - start;
    const tableStart = start + BUNDLE_COUNT_BYTES;
    const count = bundleCount(await source.read(start, Math.min(end, tableStart)), size);
    if (items.length + count > MAX_ITEMS) throw limit(`An upload can hold ${MAX_ITEMS} items.`);
    const table = await source.read(tableStart, tableStart + count * BUNDLE_LINE_BYTES);
    for (const entry of bundleTable(table, size)) {
      try {
        const found = await readSignedItem(source, start + entry.start, start + entry.end);
        if (found.item.id !== entry.id) throw limit(`It is ${found.item.id}, against its bundle's header.`);
        items.push({ ...found, parent });
        if (isBundle(found.item.tags)) await open(found.dataStart, found.dataEnd, depth + 1, entry.id);
      } catch (error) {
        warn(`Item ${entry.id}`, error);
      }
    }
  };

  const open = async (start: number, end: number, depth: number, id: string): Promise<void> => {
    try {
      await read(start, end, depth, id);
    } catch (error) {
      warn(`The content of bundle ${id}`, error);
    }
  };

  await open(bundle.start, bundle.end, 1, bundle.id);
  return { items, warnings };
}

function limit(text: string): AoError {
  return new AoError('ANS104.BUNDLE', text, { action: 'fix' });
}
