import type { Ledger } from './ledger.ts';
import type { LedgerNode } from './node.ts';

export interface Related {
  relation: 'root' | 'ancestor' | 'descendant';
  node: LedgerNode;
}

/** One node, what led to it, nearest first, and what followed from it, oldest first. */
export async function relativesOf(
  ledger: Ledger,
  id: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<Related[]> {
  const root = await ledger.find(id);
  if (!root) return [];
  const ancestors: Related[] = [];
  for (let at = root.parent; at !== null && ancestors.length < offset + limit; ) {
    const node = await ledger.find(at);
    if (!node) break;
    ancestors.push({ relation: 'ancestor', node });
    at = node.parent;
  }
  const caused = await ledger.tree(root.key, { after: root.seq, limit: offset + limit });
  const descendants = caused.map((node): Related => ({ relation: 'descendant', node }));
  return [{ relation: 'root' as const, node: root }, ...ancestors, ...descendants].slice(
    offset,
    offset + limit,
  );
}
