import { AoError } from '@ao-ts/core';
import { type Client, checkResult, outputText, readProgram } from '@ao-ts/network';
import { Command } from 'commander';
import { addNetworkOptions, clientFor, id, type NetworkOptions } from '../options.ts';
import { isPrinted, print, shown, withProgress } from '../output.ts';

interface EvalOptions extends NetworkOptions {
  wait: boolean;
}

/** How long the messages that a message caused are waited for. */
export const DELIVERY_MS = 10_000;

export function evalCommand(): Command {
  const command = new Command('eval')
    .description('run Lua in a process you own; prints what it gives, and what comes back for it')
    .argument('<process>', 'its id', id)
    .argument('<lua>', 'an expression or statements')
    .option('--no-wait', 'do not wait for the messages it sends')
    .action(async (processId: string, lua: string, options: EvalOptions) =>
      evaluate(await clientFor(options), processId, lua, options),
    );
  return addNetworkOptions(command);
}

export function loadCommand(): Command {
  const command = new Command('load')
    .description('run a Lua file in a process you own, with the files it requires')
    .argument('<process>', 'its id', id)
    .argument('<file>', 'Lua source')
    .option('--no-wait', 'do not wait for the messages it sends')
    .action(async (processId: string, file: string, options: EvalOptions) =>
      evaluate(await clientFor(options), processId, await readProgram(file), options),
    );
  return addNetworkOptions(command);
}

async function evaluate(client: Client, processId: string, lua: string, options: EvalOptions): Promise<void> {
  const [newest] = await client.latestResults(processId, 1);
  const message = await client.message(processId, { Action: 'Eval' }, lua);
  const result = await withProgress('waiting for the result', client.result(processId, message));
  checkResult(result);
  // What was run shows nothing unasked; what was not, was put in the inbox like any other message.
  if (isPrinted(result.Output)) throw notRun(processId, client.address);
  print(options, outputText(result.Output), { message, result });
  if (!options.wait || options.json || result.Messages.length === 0) return;

  await withProgress('waiting for what it sent', client.delivered(message, DELIVERY_MS));
  for (const { node } of await client.resultsAfter(processId, newest?.cursor)) {
    if (isPrinted(node.Output)) console.log(shown(outputText(node.Output)));
  }
}

/** The error for Lua that a process took for a message. */
export function notRun(processId: string, address: string): AoError {
  return new AoError(
    'CLI.NOT_OWNER',
    `Process ${processId} did not run it: only its owner's wallet can make it run Lua, and this is ${address}. Name the owner's with --wallet.`,
    { action: 'fix' },
  );
}
