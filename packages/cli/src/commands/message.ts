import { type AssignOptions, checkResult } from '@ao-ts/network';
import { Command } from 'commander';
import {
  addMessageOptions,
  addNetworkOptions,
  clientFor,
  id,
  type MessageOptions,
  messageTags,
  type NetworkOptions,
} from '../options.ts';
import { print, resultText, withProgress } from '../output.ts';
import { DELIVERY_MS } from './eval.ts';

export function messageCommand(): Command {
  const command = new Command('message')
    .description('send a message to a process; prints its id and result')
    .argument('<process>', 'its id', id)
    .option('--no-wait', 'print the id of the message, and do not wait for the result')
    .action(message);
  return addMessageOptions(command);
}

async function message(processId: string, options: MessageOptions & { wait: boolean }): Promise<void> {
  const client = await clientFor(options);
  const messageId = await client.message(processId, messageTags(options), options.data);
  if (!options.wait) return print(options, messageId, { message: messageId });
  const result = await withProgress('waiting for the result', client.result(processId, messageId));
  checkResult(result);
  await withProgress('waiting for what it sent', client.delivered(messageId, DELIVERY_MS));
  print(options, `message ${messageId}\n${resultText(result)}`.trimEnd(), { message: messageId, result });
}

export function dryRunCommand(): Command {
  const command = new Command('dry-run')
    .description('show the result a message would have; nothing changes')
    .argument('<process>', 'its id', id)
    .action(async (processId: string, options: MessageOptions) => {
      const client = await clientFor(options);
      const result = await client.dryRun(processId, messageTags(options), options.data);
      checkResult(result);
      print(options, resultText(result), { result });
    });
  return addMessageOptions(command);
}

export function resultCommand(): Command {
  const command = new Command('result')
    .description('show the result of a message')
    .argument('<process>', 'its id', id)
    .argument('<message>', 'id of a message or assignment; that of the process for its spawn', id)
    .action(async (processId: string, messageId: string, options: NetworkOptions) => {
      const result = await (await clientFor(options)).result(processId, messageId);
      print(options, resultText(result), { result });
    });
  return addNetworkOptions(command);
}

export function assignCommand(): Command {
  const command = new Command('assign')
    .description('assign a message that is on Arweave to a process; prints the id of the assignment')
    .argument('<process>', 'its id', id)
    .argument('<message>', 'id of the message', id)
    .option('--base-layer', 'it is a transaction of layer one, and settled')
    .option('--exclude <fields...>', 'fields of it that the process is not to get, like Data')
    .action(async (processId: string, messageId: string, options: NetworkOptions & AssignOptions) => {
      const { baseLayer = false, exclude = [] } = options;
      const client = await clientFor(options);
      const assignment = await client.assign(processId, messageId, { baseLayer, exclude });
      print(options, assignment, { assignment });
    });
  return addNetworkOptions(command);
}

export function monitorCommand(): Command {
  const command = new Command('monitor')
    .description('have what the crons of a process emit delivered from now on')
    .argument('<process>', 'its id', id)
    .option('--stop', 'deliver it no longer')
    .action(async (processId: string, options: NetworkOptions & { stop?: boolean }) => {
      const client = await clientFor(options);
      if (options.stop) await client.unmonitor(processId);
      else await client.monitor(processId);
      const monitored = !options.stop;
      print(options, monitored ? 'monitored' : 'no longer monitored', { process: processId, monitored });
    });
  return addNetworkOptions(command);
}
