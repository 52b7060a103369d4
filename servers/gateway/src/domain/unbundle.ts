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
  const open = async (id: string, start: number, end: number, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw limit(`Bundles can be nested ${MAX_DEPTH} deep.`);
    const size = end - start;
    const count = bundleCount(await source.read(start, Math.min(end, start + BUNDLE_COUNT_BYTES)), size);
    if (items.length + count > MAX_ITEMS) throw limit(`An upload can hold ${MAX_ITEMS} items.`);
    const tableStart = start + BUNDLE_COUNT_BYTES;
    const table = await source.read(tableStart, tableStart + count * BUNDLE_LINE_BYTES);
    for (const entry of bundleTable(table, size)) {
      try {
        const found = await readSignedItem(source, start + entry.start, start + entry.end);
        if (found.item.id !== entry.id) throw limit(`The header of its bundle says ${entry.id}.`);
        items.push({ ...found, parent: id });
        if (isBundle(found.item.tags)) await open(entry.id, found.dataStart, found.dataEnd, depth + 1);
      } catch (error) {
        warn(`Item ${entry.id}`, error);
      }
    }
  };
  try {
    await open(bundle.id, bundle.start, bundle.end, 1);
  } catch (error) {
    warn(`The content of bundle ${bundle.id}`, error);
  }
  return { items, warnings };
}

function limit(text: string): AoError {
  return new AoError('ANS104.BUNDLE', text, { action: 'fix' });
}
