import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Network, type NetworkFile } from '@ao-ts/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Completion } from '../src/completion.ts';
import { AO, ao } from './run-ao.ts';

const example = (name: string) =>
  fileURLToPath(new URL(`../../../examples/ping-pong/${name}`, import.meta.url));

let folder: string;
let network: Network;
const run = (...args: string[]) => ao(args, { cwd: folder }).ended;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ao-cli-'));
  network = await Network.start({ directory: join(folder, '.ao'), logLevel: 'error', keys: 'ed25519' });
});
afterAll(async () => {
  await network?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function spawned(file: string): Promise<string> {
  const { code, out, err } = await run('spawn', file);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out.trim();
}

test('the example of the README: the reply is shown', async () => {
  const pong = await spawned(example('pong.lua'));
  const ping = await spawned(example('ping.lua'));
  const { code, out } = await run('eval', ping, `ping("${pong}")`);
  expect(code).toBe(0);
  expect(out).toContain('Got pong from');
  expect(out).toContain(pong);
});

test('eval prints values and what was printed', async () => {
  const process = await spawned(example('pong.lua'));
  expect((await run('eval', process, 'return 1 + 1')).out.trim()).toBe('2');
  expect((await run('eval', process, 'print("hello")')).out.trim()).toBe('hello');
});

test('what was compiled is kept for the next time, and where that can not be, the command runs as ever', async () => {
  const start = (caches: string) =>
    ao(['--version'], { cwd: folder, env: { HOME: caches, XDG_CACHE_HOME: caches, NODE_COMPILE_CACHE: '' } })
      .ended;
  const caches = await mkdtemp(join(folder, 'caches-'));
  expect((await start(caches)).code).toBe(0);
  expect(await readdir(join(caches, 'ao'))).not.toEqual([]);
  for (const no of ['', AO, '/proc/none', join(folder, 'none')]) {
    expect(await start(no)).toEqual({ code: 0, out: expect.stringMatching(/^\d/), err: '' });
  }
  expect(await readdir(folder)).not.toContain('none');
});

test('console: lines are evaluated in order, errors are shown, and it goes on', async () => {
  const process = await spawned(example('pong.lua'));
  const file = join(folder, 'loaded.lua');
  await writeFile(file, 'Loaded = "from a file"');
  const input = ['x = 20', 'x + 1', 'error("broken")', `.load ${file}`, 'Loaded', '.exit', ''].join('\n');
  const { code, out, err } = await ao(['console', process], { cwd: folder, input }).ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/21[\s\S]*broken[\s\S]*from a file/);
});

describe('console', () => {
  const session = async (...lines: string[]) => {
    const process = await spawned(example('pong.lua'));
    return (await ao(['console', process], { cwd: folder, input: [...lines, ''].join('\n') }).ended).out;
  };

  test('what is not complete goes on in the next line; an empty line ends it', async () => {
    expect(await session('function twice(n)', '  return n * 2', 'end', 'twice(21)')).toContain('42');
    expect(await session('x = (1 +', '', '"still " .. "here"')).toMatch(/near <eof>[\s\S]*still here/);
  });

  test('the editor takes everything as it is, until .done or .cancel', async () => {
    const out = await session(
      '.editor',
      'y = 1',
      '',
      'y = y + 1',
      '.done',
      '.editor',
      'y = 50',
      '.cancel',
      'y + 5',
    );
    expect(out).toMatch(/\b7\b/);
    expect(out).not.toContain('55');
  });

  test('what was typed is there the next time', async () => {
    const process = await spawned(example('pong.lua'));
    const child = ao(['console', process], { cwd: folder, input: 'marker = 1\n.exit\n' });
    expect((await child.ended).code).toBe(0);
    expect(await readFile(join(folder, '.ao', 'console-history'), 'utf8')).toContain('marker = 1');
  });

  test('names of globals and what is in them are completed', async () => {
    const process = await network.client.spawn('Prices = { apple = 1, apricot = 2, pear = 3 }');
    const completion = new Completion(network.client, process);
    expect(await completion.complete('return Pric')).toEqual([['Prices'], 'Pric']);
    expect(await completion.complete('print(Prices.ap')).toEqual([
      ['Prices.apple', 'Prices.apricot'],
      'Prices.ap',
    ]);
    expect(await completion.complete('Handlers.li')).toEqual([['Handlers.list'], 'Handlers.li']);
    expect((await completion.complete('nothing.here.'))[0]).toEqual([]);
    expect(await network.client.value(process, '#Inbox')).toBe('1');
  });
});

describe('mistakes get one sentence and exit code 1', () => {
  const missing = 'A'.repeat(43);

  test.each([
    ['a file that does not exist', ['spawn', 'nowhere.lua'], /no Lua file nowhere\.lua/],
    ['a process that does not exist', ['eval', missing, 'return 1'], new RegExp(`${missing}`)],
    [
      'a wallet that is not there',
      ['eval', missing, 'x', '--wallet', 'none.json'],
      /no wallet at none\.json/,
    ],
    ['a wallet that is none', ['eval', missing, 'x', '--wallet', AO], /wallet at .* is not JSON/],
    ['an id that is none', ['eval', 'ping', 'x'], /an id has 43 characters/],
    [
      'a network file that does not exist',
      ['eval', missing, 'x', '--network', 'none.json'],
      /no network file at none\.json/,
    ],
    ['a tag without a value', ['spawn', 'x.lua', '--tag', 'Name'], /name=value/],
    ['a command that does not exist', ['fly'], /unknown command/],
  ])('%s', async (_name, args, text) => {
    const { code, err } = await run(...args);
    expect(code).toBe(1);
    expect(err).toMatch(text);
    expect(err).not.toMatch(/\n\s+at /);
  });

  test('Lua that does not parse', async () => {
    const file = join(folder, 'broken.lua');
    await writeFile(file, 'local x =\nlocal y = 2');
    const { code, err } = await run('spawn', file);
    expect(code).toBe(1);
    expect(err).toContain('broken.lua');
    expect(err).toMatch(/:2:/);
  });

  test('a network that is not running', async () => {
    const file = JSON.parse(await readFile(join(folder, '.ao', 'network.json'), 'utf8')) as NetworkFile;
    const away = join(folder, 'away.json');
    await writeFile(away, JSON.stringify({ ...file, mu: 'http://127.0.0.1:1', cu: 'http://127.0.0.1:1' }));
    const { code, err } = await run('eval', missing, 'return 1', '--network', away);
    expect(code).toBe(2);
    expect(err).toMatch(/unit at http:\/\/127\.0\.0\.1:1 can not be reached\. Is the network running\?/);
  });
});

describe('ao network start', () => {
  const ports = (gateway: number) => [
    ...['--gateway-port', String(gateway)],
    ...['--mu-port', '0', '--su-port', '0', '--cu-port', '0'],
  ];

  test('prints where everything is, writes it down, and stops on Ctrl-C', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'ao-start-'));
    const started = ao(['network', 'start', ...ports(0)], { cwd });
    await expect.poll(started.output, { timeout: 30_000 }).toContain('Ctrl-C stops it.');
    const file = JSON.parse(await readFile(join(cwd, '.ao', 'network.json'), 'utf8')) as NetworkFile;
    for (const value of Object.values(file)) expect(started.output()).toContain(value);
    started.child.kill('SIGINT');
    expect((await started.ended).code).toBe(0);
    await rm(cwd, { recursive: true, force: true });
  });

  test('with --router, compute is asked through a router, and says so in the file', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'ao-router-'));
    const options = ['--ephemeral', '--router', '--router-port', '0', ...ports(0)];
    const started = ao(['network', 'start', ...options], { cwd });
    await expect.poll(started.output, { timeout: 30_000 }).toContain('Ctrl-C stops it.');
    const [, compute = ''] = /^.*compute.*(http:\/\/\S+)/im.exec(started.output()) ?? [];
    // Only routers have this route.
    expect(await (await fetch(`${compute}/healthcheck`)).text()).toBe('OK');
    expect(await (await fetch(`${compute}/metrics`)).text()).toContain('ao_ur_hosts_up 1');
    started.child.kill('SIGINT');
    expect((await started.ended).code).toBe(0);
    await rm(cwd, { recursive: true, force: true });
  });

  test('a taken port is named', async () => {
    const taken = Number(new URL(network.file.gateway).port);
    const { code, err } = await run('network', 'start', '--ephemeral', ...ports(taken));
    expect(code).toBe(1);
    expect(err).toContain(`Port ${taken} is taken`);
  });
});
