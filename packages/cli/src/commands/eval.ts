import { AoError } from '@ao-ts/core';
import { Command } from 'commander';
import { addNetworkOptions, clientFor } from '../client.ts';
import { errorText, isPrinted, outputText } from '../output.ts';

interface EvalOptions {
  network?: string;
  wallet?: string;
  wait: boolean;
}

/** How long the messages an Eval sent are waited for. */
const DELIVERY_MS = 10_000;

export function evalCommand(): Command {
  const command = new Command('eval')
    .description('run Lua in a process you own; prints what it gives, and what comes back for it')
    .argument('<process>', 'its id')
    .argument('<lua>', 'an expression or statements')
    .option('--no-wait', 'do not wait for the messages it sends')
    .action(evaluate);
  return addNetworkOptions(command);
}

async function evaluate(processId: string, lua: string, options: EvalOptions): Promise<void> {
  const client = await clientFor(options);
  const before = await client.lastCursor(processId);
  const id = await client.message(processId, { tags: [{ name: 'Action', value: 'Eval' }], data: lua });
  const result = await client.result(processId, id);
  const failed = errorText(result);
  if (failed) throw new AoError('CLI.EVAL', failed, { action: 'fix' });
  const text = outputText(result.Output);
  if (text) console.log(text);
  if (!options.wait || result.Messages.length === 0) return;

  await client.delivered(id, DELIVERY_MS);
  for (const { node } of await client.resultsAfter(processId, before)) {
    if (isPrinted(node.Output)) console.log(outputText(node.Output));
  }
}
