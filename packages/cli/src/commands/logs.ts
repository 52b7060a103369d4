import { setTimeout as delay } from 'node:timers/promises';
import type { ResultEdge } from '@ao-ts/network';
import { Command } from 'commander';
import { addNetworkOptions, clientFor, id, type NetworkOptions, wholeNumber } from '../options.ts';
import { print, resultText } from '../output.ts';

const POLL_MS = 500;

interface LogsOptions extends NetworkOptions {
  lines: number;
  follow?: boolean;
}

export function logsCommand(): Command {
  const command = new Command('logs')
    .description('show the newest results of a process: what it printed and sent')
    .argument('<process>', 'its id', id)
    .option('-n, --lines <count>', 'how many', wholeNumber(1000), 10)
    .option('-f, --follow', 'go on showing them as they come, until Ctrl-C')
    .action(logs);
  return addNetworkOptions(command);
}

async function logs(processId: string, options: LogsOptions): Promise<void> {
  const client = await clientFor(options);
  const newest = await client.latestResults(processId, Math.max(1, options.lines));
  // Nothing to list may also mean that there is no such process, and this says so.
  if (newest.length === 0) await client.result(processId, processId);
  let cursor = newest.at(-1)?.cursor;
  if (options.lines > 0) for (const edge of newest) show(edge, options);
  while (options.follow) {
    const edges = await client.resultsAfter(processId, cursor);
    for (const edge of edges) show(edge, options);
    cursor = edges.at(-1)?.cursor ?? cursor;
    await delay(POLL_MS);
  }
}

function show({ cursor, node }: ResultEdge, options: LogsOptions): void {
  print(options, resultText(node), { cursor, result: node });
}
