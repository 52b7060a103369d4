import { AoError } from '@ao-ts/core';
import type { Tag } from '@ao-ts/core/ans104';
import { Client, findNetworkFile, type NetworkFile, readNetworkFile } from '@ao-ts/network';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ID } from './protect-ids.ts';

/** What every command that talks to a network takes. */
export interface NetworkOptions {
  network?: string;
  wallet?: string;
  json?: boolean;
}

/** What commands that compose a message take. */
export interface MessageOptions extends NetworkOptions {
  action?: string;
  tag: Tag[];
  data: string;
}

export function addNetworkOptions(command: Command): Command {
  return command
    .option('--network <file>', 'network file (default: the nearest .ao/network.json)')
    .option('-w, --wallet <file>', 'wallet to sign with (default: the one the network made)')
    .option('--json', 'print JSON, for programs');
}

export function addMessageOptions(command: Command): Command {
  return addNetworkOptions(command)
    .option('--action <action>', 'value of its Action tag')
    .addOption(tagOption('a further tag (repeatable)'))
    .option('--data <text>', 'its data', '');
}

export function messageTags({ action, tag: tags }: MessageOptions): Tag[] {
  return action === undefined ? tags : [{ name: 'Action', value: action }, ...tags];
}

/** The network that the options name. @throws AoError `NETWORK.NOT_FOUND`, `NETWORK.INVALID` */
export async function networkFor(options: NetworkOptions): Promise<NetworkFile> {
  if (options.network === undefined) return findNetworkFile(process.cwd());
  const network = await readNetworkFile(options.network);
  if (network) return network;
  throw new AoError('NETWORK.NOT_FOUND', `There is no network file at ${options.network}.`, {
    action: 'fix',
  });
}

/** The network as the wallet of the options uses it. */
export async function clientFor(options: NetworkOptions): Promise<Client> {
  const network = await networkFor(options);
  // It brings the HTTP server of the units with it.
  const { readSigner } = await import('@ao-ts/server-kit');
  return new Client(network, await readSigner(options.wallet ?? network.wallet));
}

/** `--tag`, which may be there many times. */
export function tagOption(description: string): Option {
  return new Option('--tag <name=value>', description).default([], 'none').argParser(tag);
}

/** Parses `name=value`. */
function tag(text: string, before: Tag[]): Tag[] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('a tag is written name=value');
  return [...before, { name: text.slice(0, equals), value: text.slice(equals + 1) }];
}

/** Parses the id of a process, message or module. */
export function id(text: string): string {
  if (ID.test(text.trim())) return text.trim();
  throw new InvalidArgumentError('an id has 43 characters: letters, digits, - and _');
}

export function wholeNumber(max: number) {
  return (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number <= max) return number;
    throw new InvalidArgumentError(`a whole number from 0 to ${max} is needed`);
  };
}
