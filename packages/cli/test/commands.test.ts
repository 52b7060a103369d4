import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Network, type NetworkFile } from '@ao-ts/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ao } from './run-ao.ts';

const COUNTER = `
Count = 0
Handlers.add("add", { Action = "Add" }, function(msg)
  local amount = tonumber(msg.Tags.Amount)
  if not amount then error("an Amount is needed") end
  Count = Count + amount
  print("now " .. Count)
  msg.reply({ Action = "Added", Data = msg.Data .. Count })
end)`;

let folder: string;
let network: Network;
let counter: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ao-commands-'));
  network = await Network.start({ directory: join(folder, '.ao'), logLevel: 'error', keys: 'ed25519' });
  counter = await network.client.spawn(COUNTER);
});
afterAll(async () => {
  await network?.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => ao(args, { cwd: folder }).ended;
const json = async (...args: string[]) => {
  const { code, out, err } = await run(...args, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
};
const add = ['--action', 'Add', '--tag', 'Amount=2', '--data', 'is '];

test('message shows the result; result shows it again; trace what it caused', async () => {
  const process = await network.client.spawn(COUNTER);
  const { out } = await run('message', process, ...add);
  expect(out).toMatch(/^message [\w-]{43}\nnow 2\n/);
  expect(out).toContain(`-> ${network.client.address}  Added: is 2`);

  const sent = await json('message', process, ...add);
  expect(sent.result.Messages[0].Data).toBe('is 4');
  expect((await json('result', process, sent.message)).result).toEqual(sent.result);
  const traced = await run('trace', sent.message);
  expect(traced.out.split('\n')).toEqual([
    expect.stringContaining(`message ${sent.message} -> ${process} #2  done`),
    expect.stringMatching(new RegExp(`^└─ message .* -> ${network.client.address}.*done`)),
    '',
  ]);
});

test('dry-run changes nothing', async () => {
  expect((await run('dry-run', counter, ...add)).out).toContain('now 2');
  expect((await json('eval', counter, 'Count')).result.Output.data).toBe('0');
});

test('load runs a file and those it requires', async () => {
  await writeFile(join(folder, 'main.lua'), 'Loaded = require("part")');
  await writeFile(join(folder, 'part.lua'), 'return "from a part"');
  expect((await run('load', counter, 'main.lua')).code).toBe(0);
  expect((await run('eval', counter, 'Loaded')).out.trim()).toBe('from a part');
});

test('logs shows what was printed and sent, and with --follow what comes', async () => {
  const process = await network.client.spawn(COUNTER);
  await network.client.send(process, { Action: 'Add', Amount: '3' }, 'sum ');
  const { out } = await run('logs', process);
  expect(out).toContain(`now 3\n-> ${network.client.address}  Added: sum 3`);

  const following = ao(['logs', process, '--follow', '--lines', '1'], { cwd: folder });
  await expect.poll(following.output, { timeout: 20_000 }).toContain('now 3');
  await network.client.send(process, { Action: 'Add', Amount: '7' });
  await expect.poll(following.output, { timeout: 20_000 }).toContain('now 10');
  following.child.kill('SIGINT');
  await following.ended;
});

test('assign and monitor', async () => {
  const second = await network.client.spawn(
    'ao.addAssignable("n", { Action = "Note" }) Handlers.add("n", "Note", function(m) Seen = m.Data end)',
  );
  const note = await network.client.message(counter, { Action: 'Note' }, 'for both');
  await expect
    .poll(async () => (await fetch(`${network.file.gateway}/raw/${note}`)).status, { timeout: 20_000 })
    .toBe(200);
  const { assignment } = await json('assign', second, note);
  await network.client.result(second, assignment);
  expect(await network.client.value(second, 'Seen')).toBe('for both');
  const third = await network.client.spawn(
    'ao.addAssignable("n", { Action = "Note" }) Handlers.add("n", "Note", function(m) Seen = tostring(m.Data) end)',
  );
  const without = await json('assign', third, note, '--exclude', 'Data');
  await network.client.result(third, without.assignment);
  expect(await network.client.value(third, 'Seen')).not.toContain('for both');
  const refused = await run('assign', third, 'A'.repeat(43), '--base-layer');
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('ransaction') });

  expect(await json('monitor', counter)).toEqual({ process: counter, monitored: true });
  expect(await json('monitor', counter, '--stop')).toEqual({ process: counter, monitored: false });
});

test('wallets', async () => {
  expect((await run('wallet', 'address')).out.trim()).toBe(network.client.address);
  const created = await json('wallet', 'create', 'mine.json');
  expect((await stat(join(folder, 'mine.json'))).mode & 0o077).toBe(0);
  expect(await json('wallet', 'address', '--wallet', 'mine.json')).toMatchObject({
    address: created.address,
  });
  const again = await run('wallet', 'create', 'mine.json');
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('mine.json already') });
  const foreign = await run('eval', counter, 'Count', '--wallet', 'mine.json');
  expect(foreign.out).not.toMatch(/^\d/);
});

test('network status and reset', async () => {
  const up = await json('network', 'status');
  expect(up.units.map(({ up: answers }: { up: boolean }) => answers)).toEqual([true, true, true, true]);
  expect(await run('network', 'reset')).toMatchObject({
    code: 1,
    err: expect.stringContaining('stop it first'),
  });

  const other = await mkdtemp(join(folder, 'other-'));
  const stopped = await Network.start({ directory: join(other, '.ao'), logLevel: 'error', keys: 'ed25519' });
  await stopped.stop();
  const away = await ao(['network', 'status'], { cwd: other }).ended;
  expect(away.code).toBe(2);
  expect(away.out).toContain(`${stopped.file.cu}  away`);
  const wallet = await readFile(join(other, '.ao', 'wallet.json'), 'utf8');
  expect((await ao(['network', 'reset'], { cwd: other }).ended).code).toBe(0);
  await expect(stat(join(other, '.ao', 'su'))).rejects.toThrow('ENOENT');
  expect(await readFile(join(other, '.ao', 'wallet.json'), 'utf8')).toBe(wallet);
});

const nowhere = 'A'.repeat(43);

describe('failures are one sentence, or one object with --json', () => {
  test.each([
    [['message', nowhere, '--action', 'X']],
    [['dry-run', `-${nowhere.slice(1)}`]],
    [['result', nowhere, nowhere]],
    [['logs', nowhere]],
    [['load', 'COUNTER', 'missing.lua']],
    [['spawn', '--module', nowhere]],
    [['trace', nowhere]],
    [['message', 'COUNTER', '--action', 'Add']],
  ])('%s', async (args) => {
    const { code, err } = await run(...args.map((arg) => (arg === 'COUNTER' ? counter : arg)), '--json');
    expect(code).toBe(1);
    const { error, code: name } = JSON.parse(err);
    expect(name).toMatch(/^[A-Z]+\.[A-Z_]+$/);
    expect(error).not.toMatch(/\n\s+at .*\.[jt]s:/);
  });

  test('an id may begin with a dash', async () => {
    const dashed = `-${nowhere.slice(1)}`;
    const { err } = await run('result', dashed, dashed);
    expect(err).toContain(dashed);
    expect(err).not.toContain('option');
  });

  test('with the unit, its URL and its words', async () => {
    const { err } = await run('message', nowhere, '--action', 'X');
    expect(err).toContain(`The messenger unit at ${network.file.mu} answered:`);
    expect(err).toContain(nowhere);
  });
});

test.each([
  ['message', 'messenger unit at http://127.0.0.1:1'],
  ['trace', 'messenger unit at http://127.0.0.1:1'],
  ['dry-run', 'compute unit at http://127.0.0.1:2'],
  ['logs', 'compute unit at http://127.0.0.1:2'],
])('%s names the unit that is away, with its URL; exit code 2', async (command, unit) => {
  const file: NetworkFile = { ...network.file, mu: 'http://127.0.0.1:1', cu: 'http://127.0.0.1:2' };
  await writeFile(join(folder, 'away.json'), JSON.stringify(file));
  const { code, err } = await run(command, counter, '--network', 'away.json');
  expect(code).toBe(2);
  expect(err).toContain(unit);
  expect(err).toContain('Is the network running?');
});
