import { tagValue } from '@ao-ts/core/ans104';
import type { Context } from '../context.ts';
import type { Search, StoredRecord, TagFilter } from '../domain/archive-store.ts';
import { type Entry, readEntry } from '../domain/entry.ts';
import { blockPage } from './block-page.ts';
import { encodeCursor, pageArguments, type RawPage, tooMany } from './paging.ts';

const MAX_IDS = 1000;
const MAX_VALUES = 100;
const MAX_TAG_FILTERS = 20;

interface BlockFilter {
  min?: number | null;
  max?: number | null;
}

interface TransactionArguments extends RawPage {
  ids?: string[] | null;
  owners?: string[] | null;
  recipients?: string[] | null;
  bundledIn?: string[] | null;
  tags?: { name: string; values: string[]; op?: 'EQ' | 'NEQ' | null }[] | null;
  block?: BlockFilter | null;
}

type Node = StoredRecord & Entry;

export function resolvers({ chain, store }: Context) {
  const node = (record: StoredRecord): Node => ({ ...record, ...readEntry(record) });

  return {
    Query: {
      transaction: (_root: unknown, { id }: { id: string }) => {
        const record = store.get(id);
        return record ? node(record) : null;
      },
      transactions: (_root: unknown, args: TransactionArguments, request: object) => {
        const { first, after, order } = pageArguments(args, request);
        const search = searchOf(args, chain.tip);
        const found = store.search(search, {
          order,
          limit: first + 1,
          ...(after === undefined ? {} : { after }),
        });
        return {
          count: () => String(store.count(search)),
          pageInfo: { hasNextPage: found.length > first },
          edges: found
            .slice(0, first)
            .map((record) => ({ cursor: encodeCursor(record.seq), node: node(record) })),
        };
      },
      block: (_root: unknown, { id }: { id?: string | null }) =>
        (id ? chain.blockById(id) : chain.block(chain.tip)) ?? null,
      blocks: (
        _root: unknown,
        args: RawPage & { ids?: string[] | null; height?: BlockFilter | null },
        request: object,
      ) => {
        const ids = list(args.ids, 'ids', MAX_IDS);
        const page = pageArguments(args, request);
        const { blocks, hasNextPage } = blockPage(chain, { ids, range: args.height ?? {}, page });
        return {
          pageInfo: { hasNextPage },
          edges: blocks.map((block) => ({ cursor: encodeCursor(block.height), node: block })),
        };
      },
    },
    Transaction: {
      block: ({ height }: Node) => chain.block(height) ?? null,
      fee: ({ reward }: Node) => amount(reward),
      quantity: ({ quantity }: Node) => amount(quantity),
      data: ({ size, tags }: Node) => ({ size: String(size), type: tagValue(tags, 'Content-Type') ?? null }),
      parent: ({ parent }: Node) => (parent ? { id: parent } : null),
      bundledIn: ({ parent }: Node) => (parent ? { id: parent } : null),
    },
  };
}

function searchOf(args: TransactionArguments, tip: number): Search {
  const ids = list(args.ids, 'ids', MAX_IDS);
  const owners = list(args.owners, 'owners', MAX_VALUES);
  const recipients = list(args.recipients, 'recipients', MAX_VALUES);
  const parents = list(args.bundledIn, 'bundledIn', MAX_VALUES);
  const tags = list(args.tags, 'tags', MAX_TAG_FILTERS)?.map(({ name, values, op }): TagFilter => {
    if (values.length > MAX_VALUES) throw tooMany(`values of tag '${name}'`, MAX_VALUES);
    return { name, values, not: op === 'NEQ' };
  });
  const { min, max } = args.block ?? {};
  // What is pending has no block yet, so a filter for blocks leaves it out.
  const bounded = (min ?? max ?? null) !== null;
  return {
    ...(ids ? { ids } : {}),
    ...(owners ? { owners } : {}),
    ...(recipients ? { recipients } : {}),
    ...(parents ? { parents } : {}),
    ...(tags ? { tags } : {}),
    ...(min ? { minHeight: min } : {}),
    ...(bounded ? { maxHeight: Math.min(max ?? tip, tip) } : {}),
  };
}

// An empty list restricts nothing, as at the public gateways.
function list<T>(values: T[] | null | undefined, name: string, max: number): T[] | undefined {
  if (values && values.length > max) throw tooMany(`'${name}'`, max);
  return values?.length ? values : undefined;
}

function amount(winston: string): { winston: string; ar: string } {
  const digits = winston.padStart(13, '0');
  return { winston, ar: `${digits.slice(0, -12)}.${digits.slice(-12)}` };
}
