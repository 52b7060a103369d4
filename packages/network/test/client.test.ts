import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Client, errorText, Network, readProgram } from '../src/index.ts';

const network = await Network.forTests(afterAll);
const { client } = network;
const root = await mkdtemp(join(tmpdir(), 'ao-program-'));
afterAll(() => rm(root, { recursive: true, force: true }));

async function program(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(root, 'p-'));
  for (const [name, source] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), source);
  }
  return join(folder, 'main.lua');
}

describe('a program of several files', () => {
  test('is spawned with the files it requires, and those with theirs', async () => {
    const file = await program({
      'main.lua': `#!/usr/bin/lua
        local shop = require("shop")
        local json = require('json')
        local rounded = require("round.up")
        Price = rounded(shop.price(json.decode("19.5")))`,
      'modules/share/lua/5.3/round/up.lua': 'return math.ceil',
      'shop/init.lua': 'local tax = require(".shop.tax") return { price = function(n) return n + tax end }',
      'shop/tax.lua': 'local marks = "]=] \\\\ ]==]" return #marks == 10 and 4 or marks',
    });
    const process = await client.spawnFile(file);
    expect(await client.value(process, 'Price')).toBe('24');
  });

  test('brings new versions of its files when it is run again', async () => {
    const process = await client.spawn();
    for (const version of ['1', '2']) {
      const file = await program({ 'main.lua': 'Seen = require("part")', 'part.lua': `return ${version}` });
      await client.value(process, await readProgram(file));
      expect(await client.value(process, 'Seen')).toBe(version);
    }
  });

  test('names the file and line of an error, when it is loaded and when it runs', async () => {
    const broken = await program({ 'main.lua': 'require("part")', 'part.lua': 'local a\n\nlocal = 1' });
    await expect(client.spawnFile(broken)).rejects.toMatchObject({
      code: 'CLIENT.BOOT',
      message: expect.stringMatching(/its program failed: .*part\.lua:3: [^\n]*$/),
    });
    const failing = await program({
      'main.lua': '-- comment\nHandlers.add("x", "X", function(msg)\n  error("no")\nend)',
    });
    const process = await client.spawnFile(failing);
    expect(errorText(await client.send(process, { Action: 'X' }))).toContain('main.lua:3: no');
  });

  test('that is not there, or no text, is refused', async () => {
    await expect(readProgram(join(root, 'none.lua'))).rejects.toThrow('no Lua file');
    const binary = await program({ 'main.lua': Uint8Array.of(27, 76, 117, 97, 0, 200) });
    await expect(readProgram(binary)).rejects.toThrow('not Lua source');
  });

  test('ends: files may require each other', async () => {
    const file = await program({
      'main.lua': 'require("a")',
      'a.lua': 'function f() return require("b") end',
      'b.lua': 'return require("a")',
    });
    expect(await client.spawnFile(file)).toMatch(/^[\w-]{43}$/);
  });
});

describe('a client', () => {
  test('of another wallet is somebody else', async () => {
    const stranger = network.newClient();
    const process = await client.spawn(
      'Handlers.add("who", "Who", function(m) m.reply({ Data = m.From }) end)',
    );
    expect((await stranger.send(process, { Action: 'Who' })).Messages[0]?.Data).toBe(stranger.address);
    expect((await stranger.dryRun(process, { Action: 'Who' })).Messages[0]?.Data).toBe(stranger.address);
    await stranger.eval(process, 'Stolen = true');
    expect(await client.value(process, 'tostring(Stolen)')).toBe('nil');
  });

  test('may say the same twice', async () => {
    const stranger = network.newClient();
    const process = await client.spawn('N = 0 Handlers.add("n", "N", function() N = N + 1 end)');
    await Promise.all([1, 2, 3].map(() => stranger.send(process, { Action: 'N' })));
    expect(await client.value(process, 'N')).toBe('3');
  });

  test('sees what a message caused', async () => {
    const [first, second] = [await client.spawn(), await client.spawn()];
    const message = await client.message(
      first,
      { Action: 'Eval' },
      `Send({ Target = "${second}", Data = "hi" })`,
    );
    await client.delivered(message, 10_000);
    const nodes = await client.tree(message);
    expect(nodes?.map(({ target, state }) => ({ target, state }))).toEqual([
      { target: first, state: 'done' },
      { target: second, state: 'done' },
    ]);
    expect(nodes?.[1]?.parent).toBe(nodes?.[0]?.key);
    expect(await client.tree('A'.repeat(43))).toBeUndefined();
  });

  test('says which unit is away', async () => {
    const away = { ...network.file, mu: 'http://127.0.0.1:1', cu: 'http://127.0.0.1:2' };
    const lost = new Client(away, network.signer);
    const noGateway = new Client({ ...network.file, gateway: 'http://127.0.0.1:1' }, network.signer);
    const process = 'A'.repeat(43);
    for (const [call, unit] of [
      [() => noGateway.spawn(), 'gateway at http://127.0.0.1:1'],
      [() => lost.message(process, {}), 'messenger unit at http://127.0.0.1:1'],
      [() => lost.tree(process), 'messenger unit at http://127.0.0.1:1'],
      [() => lost.result(process, process), 'compute unit at http://127.0.0.1:2'],
      [() => lost.dryRun(process, {}), 'compute unit at http://127.0.0.1:2'],
    ] as const) {
      await expect(call()).rejects.toMatchObject({
        code: 'CLIENT.UNREACHABLE',
        action: 'retry',
        message: expect.stringContaining(unit),
      });
    }
  });

  test('says why an Eval failed', async () => {
    const process = await client.spawn();
    await expect(client.value(process, 'error("on purpose")')).rejects.toMatchObject({
      code: 'CLIENT.EVAL',
      message: expect.stringContaining('on purpose'),
    });
  });
});
