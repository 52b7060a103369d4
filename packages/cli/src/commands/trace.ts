import { AoError } from '@ao-ts/core';
import type { TreeNode } from '@ao-ts/network';
import { Command } from 'commander';
import { addNetworkOptions, clientFor, id, type NetworkOptions } from '../options.ts';
import { print } from '../output.ts';

export function traceCommand(): Command {
  const command = new Command('trace')
    .description('show a message and everything it caused, as a tree')
    .argument('<message>', 'its id', id)
    .action(trace);
  return addNetworkOptions(command);
}

async function trace(message: string, options: NetworkOptions): Promise<void> {
  const client = await clientFor(options);
  const nodes = await client.tree(message);
  if (nodes === undefined) {
    throw new AoError(
      'CLI.UNKNOWN_MESSAGE',
      `The messenger unit at ${client.network.mu} has not handled ${message}: only the unit it was sent to can trace it.`,
      { action: 'fix' },
    );
  }
  print(options, treeText(nodes), { nodes });
}

/** One line for each node, below the one that caused it. */
export function treeText(nodes: TreeNode[]): string {
  const keys = new Set(nodes.map(({ key }) => key));
  const lines: string[] = [];
  const add = (node: TreeNode, first: string, rest: string) => {
    lines.push(first + line(node));
    const children = nodes.filter(({ parent }) => parent === node.key);
    for (const [i, child] of children.entries()) {
      const last = i === children.length - 1;
      add(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`);
    }
  };
  for (const node of nodes) if (!node.parent || !keys.has(node.parent)) add(node, '', '');
  return lines.join('\n');
}

function line({ kind, id: nodeId, target, nonce, state, error }: TreeNode): string {
  const place = nonce === null || nonce === undefined ? '' : ` #${nonce}`;
  const where = target ? ` -> ${target}${place}` : '';
  return `${kind} ${nodeId ?? '(not sent)'}${where}  ${state}${error ? `: ${error}` : ''}`;
}
