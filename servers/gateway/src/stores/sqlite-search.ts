import { sha256 } from '@ao-ts/core';
import type { Sqlite } from '@ao-ts/server-kit';
import type { NewRecord, Page, Search } from '../domain/archive-store.ts';

type Value = string | number | Uint8Array;

interface Sql {
  text: string;
  values: Value[];
}

/** Beyond this many records a term counts as common. */
const COMMON = 2000;

// 128 bits of SHA-256: short keys of one length, whatever was in the tag.
function term(...parts: string[]): Uint8Array {
  return sha256(Buffer.from(JSON.stringify(parts))).subarray(0, 16);
}

/** The terms under which a record is found. */
export function termsOf(record: NewRecord): Uint8Array[] {
  const terms = [term('owner', record.owner)];
  if (record.recipient !== '') terms.push(term('recipient', record.recipient));
  if (record.parent !== null) terms.push(term('parent', record.parent));
  // An item's blob is the upload it came in; only for transactions is it a property of the data itself.
  if (record.kind === 'transaction' && record.blob !== null) terms.push(term('blob', record.blob));
  for (const { name, value } of record.tags) terms.push(term('tag', name, value));
  return terms;
}

/**
 * The statement that finds what a search asks for. It walks the postings of the rarest condition in order and
 * looks the other conditions up, so that its cost follows the page and not the archive.
 */
export class SqliteSearch {
  readonly #db: Sqlite;

  constructor(db: Sqlite) {
    this.#db = db;
  }

  /** The `seq`s of one page. */
  page(search: Search, { order, after, limit }: Page): number[] {
    const direction = order.toUpperCase();
    const from = after === undefined ? [] : [bound(order === 'asc' ? '>' : '<', after)];
    const { text, values } = this.#matching(search, from);
    return this.#db
      .prepare<Value[], number>(`${text} ORDER BY seq ${direction} LIMIT ?`)
      .pluck()
      .all(...values, limit);
  }

  count(search: Search): number {
    const { text, values } = this.#matching(search, []);
    return (
      this.#db
        .prepare<Value[], number>(`SELECT count(*) FROM (${text})`)
        .pluck()
        .get(...values) ?? 0
    );
  }

  #matching(search: Search, bounds: Sql[]): Sql {
    const all: Uint8Array[][] = [];
    const none: Uint8Array[][] = [];
    for (const { name, values, not } of search.tags ?? []) {
      (not ? none : all).push(values.map((value) => term('tag', name, value)));
    }
    if (search.owners) all.push(search.owners.map((owner) => term('owner', owner)));
    if (search.recipients) all.push(search.recipients.map((recipient) => term('recipient', recipient)));
    if (search.parents) all.push(search.parents.map((parent) => term('parent', parent)));
    if (search.blobs) all.push(search.blobs.map((blob) => term('blob', blob)));
    if (all.some((terms) => terms.length === 0) || search.ids?.length === 0) return NOTHING;

    const lookups = (except?: Uint8Array[]) => [
      ...bounds,
      ...this.#heights(search),
      ...all.filter((terms) => terms !== except).map((terms) => posted('EXISTS', terms)),
      ...none.filter((terms) => terms.length > 0).map((terms) => posted('NOT EXISTS', terms)),
    ];
    if (search.ids) {
      const ids = { text: `id IN (${marks(search.ids)})`, values: [...search.ids] };
      return join('SELECT seq FROM records r WHERE ', [ids, ...lookups()]);
    }
    const rarest = this.#rarest(all);
    if (!rarest) return join('SELECT seq FROM records r WHERE ', lookups());
    const rest = lookups(rarest);
    // One arm per term: each is in order already, and SQLite merges them without sorting.
    const arms = rarest.map((one) =>
      join('SELECT seq FROM postings r WHERE ', [{ text: 'term = ?', values: [one] }, ...rest]),
    );
    return { text: arms.map((arm) => arm.text).join(' UNION '), values: arms.flatMap((arm) => arm.values) };
  }

  #heights({ minHeight, maxHeight }: Search): Sql[] {
    const bounds: Sql[] = [];
    if (minHeight !== undefined) {
      bounds.push({
        text: 'seq >= coalesce((SELECT min(seq) FROM records WHERE height = (SELECT min(height) FROM records WHERE height >= ?)), 9e18)',
        values: [minHeight],
      });
    }
    if (maxHeight !== undefined) {
      bounds.push({
        text: 'seq <= coalesce((SELECT max(seq) FROM records WHERE height = (SELECT max(height) FROM records WHERE height <= ?)), -1)',
        values: [maxHeight],
      });
    }
    return bounds;
  }

  #rarest(groups: Uint8Array[][]): Uint8Array[] | undefined {
    if (groups.length < 2) return groups[0];
    const frequency = this.#db
      .prepare<Value[], number>('SELECT count(*) FROM (SELECT 1 FROM postings WHERE term = ? LIMIT ?)')
      .pluck();
    let best: { terms: Uint8Array[]; count: number } | undefined;
    for (const terms of groups) {
      const count = terms.reduce((sum, one) => sum + (frequency.get(one, COMMON) ?? 0), 0);
      if (!best || count < best.count) best = { terms, count };
    }
    return best?.terms;
  }
}

const NOTHING: Sql = { text: 'SELECT seq FROM records WHERE 0', values: [] };

function bound(operator: '<' | '>', seq: number): Sql {
  return { text: `seq ${operator} ?`, values: [seq] };
}

function posted(operator: 'EXISTS' | 'NOT EXISTS', terms: Uint8Array[]): Sql {
  const text = `${operator} (SELECT 1 FROM postings p WHERE p.term IN (${marks(terms)}) AND p.seq = r.seq)`;
  return { text, values: terms };
}

function marks(list: readonly unknown[]): string {
  return list.map(() => '?').join(', ');
}

function join(select: string, conditions: Sql[]): Sql {
  return {
    text: select + (conditions.map((condition) => condition.text).join(' AND ') || '1'),
    values: conditions.flatMap((condition) => condition.values),
  };
}
