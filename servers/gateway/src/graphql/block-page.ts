import type { Block, Chain } from '../domain/chain.ts';
import type { PageArguments } from './paging.ts';

export interface BlockQuery {
  ids: readonly string[] | undefined;
  range: { min?: number | null; max?: number | null };
  page: PageArguments;
}

/** A page of the blocks of a chain; the cursor of a block is its height. */
export function blockPage(
  chain: Chain,
  { ids, range, page }: BlockQuery,
): { blocks: Block[]; hasNextPage: boolean } {
  const low = Math.max(range.min ?? chain.start, chain.start);
  const high = Math.min(range.max ?? chain.tip, chain.tip);
  const { first, after, order } = page;
  const isAfter = (height: number) =>
    after === undefined || (order === 'asc' ? height > after : height < after);

  if (ids) {
    const found = ids
      .flatMap((id) => chain.blockById(id) ?? [])
      .filter(({ height }) => height >= low && height <= high && isAfter(height))
      .sort((a, b) => (order === 'asc' ? a.height - b.height : b.height - a.height));
    return { blocks: found.slice(0, first), hasNextPage: found.length > first };
  }

  const step = order === 'asc' ? 1 : -1;
  const edge = order === 'asc' ? low : high;
  const start = after === undefined || isAfter(edge) ? edge : after + step;
  const blocks: Block[] = [];
  let height = start;
  for (; height >= low && height <= high && blocks.length < first; height += step) {
    const block = chain.block(height);
    if (block) blocks.push(block);
  }
  return { blocks, hasNextPage: height >= low && height <= high };
}
