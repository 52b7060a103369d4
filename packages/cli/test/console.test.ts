import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { type Client, Network } from '@ao-ts/network';
import { afterAll, expect, test } from 'vitest';
import { Console } from '../src/console.ts';

const network = await Network.forTests(afterAll, { env: { cu: { EVALUATION_TIMEOUT: '20000' } } });
const { client } = network;
const CTRL_C = '\x03';

/** A console at a terminal, as a person has it. */
function open(process: string, by: Client = client) {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
  let text = '';
  output.on('data', (chunk) => (text += chunk));
  const ended = Console.run(by, process, { input, output });
  const screen = () => stripVTControlCharacters(text);
  return {
    screen,
    ended,
    type: (keys: string) => input.write(keys),
    shows: (what: string | RegExp) => expect.poll(screen, { timeout: 25_000 }).toMatch(what),
  };
}

test('Ctrl-C ends the waiting for an answer, then leaves', async () => {
  const console = open(await client.spawn());
  await console.shows('ao>');
  console.type('while true do end\n');
  const pending = async () => {
    const status = await (await fetch(`${network.file.mu}/status`)).json();
    return (status as { pending: number }).pending;
  };
  await expect.poll(pending, { timeout: 25_000 }).toBe(1);
  console.type(CTRL_C);
  await console.shows('No longer waiting');
  console.type(`not this${CTRL_C}${CTRL_C}`);
  await console.ended;
});

test('lines that belong together, what others make it print, and what it does not know', async () => {
  const process = await client.spawn();
  const console = open(process);
  await console.shows('ao>');
  console.type('function f(n)\n');
  await console.shows(/\.\.\. $/);
  console.type('return n * 2\nend\nf(21)\n');
  await console.shows('42');
  console.type('half of a li');
  await network.newClient().message(process, { Action: 'Knock' });
  await console.shows(/Action = Knock\n.*half of a li$/);
  console.type(CTRL_C);
  console.type('.fly\n');
  await console.shows('There is no .fly');
  console.type('.load nowhere.lua\n');
  await console.shows('no Lua file nowhere.lua');
  console.type('.exit\n');
  await console.ended;
});

test('who is not the owner is told so', async () => {
  const console = open(await client.spawn(), network.newClient());
  await console.shows('ao>');
  console.type('1 + 1\n');
  await console.shows("only its owner's wallet can make it run Lua");
  console.type('.exit\n');
  await console.ended;
});
