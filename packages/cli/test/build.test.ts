import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { moduleFormats } from '@ao-ts/lua';
import { afterAll, describe, expect, test } from 'vitest';
import { buildFolder } from '../src/build/build-folder.ts';
import { declaredMemory } from '../src/build/memory.ts';

const root = await mkdtemp(join(tmpdir(), 'ao-build-'));
afterAll(() => rm(root, { recursive: true, force: true }));

async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
  const path = await mkdtemp(join(root, 'p-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return path;
}

const OWNER = 'owner-000000000000000000000000000000000000B';
const PROCESS = 'process-0000000000000000000000000000000000A';

interface Evaluation {
  ok: boolean;
  response: { Output?: { data?: string }; Messages?: { Data: string }[]; Error?: string };
}

/** The module on the loader that the compute units of the network run. */
async function onNetworkLoader(binary: Uint8Array, format = moduleFormats[32]) {
  const worker = new Worker(new URL('../../lua/test/network-worker.ts', import.meta.url), {
    workerData: { binary, format },
    stderr: true,
  });
  afterAll(() => worker.terminate());
  let nonce = 0;
  return async (tags: Record<string, string>, data = ''): Promise<Evaluation> => {
    const list = Object.entries(tags).map(([name, value]) => ({ name, value }));
    const message = {
      Id: nonce === 0 ? PROCESS : `message-${nonce}`,
      ...{ Target: PROCESS, Owner: OWNER, From: OWNER, Tags: list, Data: data, Nonce: nonce++ },
      ...{ Timestamp: 1_700_000_000_000 + nonce, 'Block-Height': 1, Cron: false },
    };
    const environment = {
      Process: { Id: PROCESS, Owner: OWNER, Tags: [{ name: 'Module', value: 'module' }] },
      Module: { Id: 'module', Owner: OWNER, Tags: [] },
    };
    worker.postMessage({ message, environment });
    const [answer] = await once(worker, 'message');
    return answer;
  };
}

describe("on the network's own loader", () => {
  test('a program runs on the process library, as if it had been spawned with it', async () => {
    const path = await folder({
      'process.lua': `local greeting = require(".lib.greeting")
        local loud = require("loud")
        Master = Owner
        Handlers.add("greet", "Greet", function(msg)
          if msg.Data == "" then error("whom?") end
          msg.reply({ Data = loud(greeting(msg.Data)) })
        end)`,
      'lib/greeting.lua': 'return function(name) return "Hello, " .. name end',
      'modules/share/lua/5.3/loud/init.lua': 'return function(text) return text .. "!" end',
      'node_modules/broken.lua': 'this is no Lua',
    });
    const handle = await onNetworkLoader((await buildFolder(path)).binary);
    const spawned = await handle({ Type: 'Process' });
    expect(spawned.response.Error).toBeUndefined();
    const greeted = await handle({ Action: 'Greet' }, 'Ada');
    expect(greeted.response.Messages?.[0]?.Data).toBe('Hello, Ada!');
    const failed = await handle({ Action: 'Greet' });
    expect(failed.response.Error).toContain('process.lua:5: whom?');
    expect((await handle({ Action: 'Eval' }, 'Master')).response.Output?.data).toBe(OWNER);
  });

  test('a process.lua that returns a table is the whole process', async () => {
    const path = await folder({
      'process.lua': `local process = { count = 0 }
function process.handle(msg, env)
  process.count = process.count + 1
  return { Output = { data = process.count .. tostring(Handlers) } }
end
return process`,
    });
    const handle = await onNetworkLoader((await buildFolder(path)).binary);
    await handle({});
    expect((await handle({})).response.Output?.data).toBe('2nil');
  });

  test('the preset bounds its memory', async () => {
    const path = await folder({
      'process.lua': 'Handlers.add("x", "X", print)',
      'config.yml': 'preset: xs\n',
    });
    const { binary, maximumMemory } = await buildFolder(path);
    expect(maximumMemory).toBe(128 * 1024 * 1024);
    const handle = await onNetworkLoader(binary);
    await handle({ Type: 'Process' });
    const more = await handle({ Action: 'Eval' }, 'Big = ("x"):rep(120 * 1024 * 1024) return #Big');
    expect(more.response.Error).toContain('not enough memory');
    const less = await handle({ Action: 'Eval' }, 'Big = ("x"):rep(20 * 1024 * 1024) return #Big');
    expect(less.response.Output?.data).toBe(String(20 * 1024 * 1024));
  });
});

test('a module of 64 bits runs, too, and its preset bounds its memory', async () => {
  const path = await folder({
    'process.lua': 'Handlers.add("x", "X", function(msg) msg.reply({ Data = msg.Data .. 1 }) end)',
    'config.yml': 'target: 64\npreset: xs\n',
  });
  const { binary } = await buildFolder(path);
  const handle = await onNetworkLoader(binary, moduleFormats[64]);
  await handle({ Type: 'Process' });
  expect((await handle({ Action: 'X' }, 'y')).response.Messages?.[0]?.Data).toBe('y1');
  const more = await handle({ Action: 'Eval' }, 'Big = ("x"):rep(120 * 1024 * 1024) return #Big');
  expect(more.response.Error).toContain('not enough memory');
});

test('config.yml is understood; what says how C is compiled changes nothing', async () => {
  const memoryOf = async (config: string) => {
    const path = await folder({ 'process.lua': 'X = 1', 'config.yml': config });
    return declaredMemory((await buildFolder(path)).binary);
  };
  const ofC = 'stack_size: 3145728\ninitial_memory: 4194304\nkeep_js: false\nextra_compile_args:\n  - -O2\n';
  const pages = (megabytes: number) => (megabytes * 1024) / 64;
  expect(await memoryOf('')).toMatchObject({ maximum: pages(512), is64bit: false });
  expect(await memoryOf(`preset: sm\n${ofC}`)).toMatchObject({ maximum: pages(256), is64bit: false });
  expect(await memoryOf('preset: lg\ntarget: 32')).toMatchObject({ maximum: pages(1024), is64bit: false });
  expect(await memoryOf('target: 64')).toMatchObject({ maximum: pages(512), is64bit: true });
  expect(await memoryOf('preset: xl')).toMatchObject({ maximum: pages(8192), is64bit: true });
  expect(await memoryOf('preset: xxl\ntarget: "64"')).toMatchObject({
    maximum: pages(16_384),
    is64bit: true,
  });
  expect(await memoryOf('maximum_memory: 67108864')).toMatchObject({ maximum: pages(64), is64bit: false });
});

describe('is refused, with what to do', () => {
  test.each([
    ['a folder without process.lua', { 'main.lua': '' }, 'BUILD.NO_PROCESS', 'There is no process.lua in'],
    ['a syntax error', { 'process.lua': 'X = 1\n\nlocal = 2' }, 'LUA.INVALID_SOURCE', 'process.lua:3:'],
    [
      'a syntax error elsewhere',
      { 'process.lua': '', 'lib/a.lua': '\nfor' },
      'LUA.INVALID_SOURCE',
      'lib/a.lua:2:',
    ],
    [
      'a whole process that fails when it is loaded',
      { 'process.lua': 'local t\nt.x = 1\nreturn t' },
      'LUA.INVALID_SOURCE',
      'process.lua:2:',
    ],
    [
      'what is no text',
      { 'process.lua': Uint8Array.of(27, 76, 117, 97, 200, 201) },
      'LUA.INVALID_SOURCE',
      'process.lua is not Lua source',
    ],
    ['a NUL', { 'process.lua': 'X = "\0"' }, 'LUA.INVALID_SOURCE', 'process.lua contains a NUL'],
    ['a library to link', { 'process.lua': '', 'libs/zlib.a': '' }, 'BUILD.NATIVE', 'libs/zlib.a'],
    ['an unknown preset', { 'process.lua': '', 'config.yml': 'preset: huge' }, 'BUILD.CONFIG', 'preset'],
    ['an unknown key', { 'process.lua': '', 'config.yml': 'presets: md' }, 'BUILD.CONFIG', 'presets'],
    ['a config that is no YAML', { 'process.lua': '', 'config.yml': 'a: [' }, 'BUILD.CONFIG', 'config.yml'],
    [
      'a preset of 64 bits for 32',
      { 'process.lua': '', 'config.yml': 'preset: xl\ntarget: 32' },
      'BUILD.CONFIG',
      'preset: lg',
    ],
    [
      'more than 64 bits can have',
      { 'process.lua': '', 'config.yml': 'maximum_memory: 17179934720' },
      'BUILD.CONFIG',
      'preset: xxl',
    ],
    [
      'more memory than config.yml allows',
      { 'process.lua': 'X = 1', 'config.yml': 'maximum_memory: 65536' },
      'BUILD.MEMORY',
      'Choose a larger preset',
    ],
    [
      'a program that takes more when it is built',
      { 'process.lua': 'Big = ("x"):rep(1 << 27)\nreturn {}', 'config.yml': 'preset: xs' },
      'BUILD.MEMORY',
      'process.lua:1: not enough memory for buffer allocation): it may have 134217728 bytes. Choose a larger preset',
    ],
  ] as [string, Record<string, string | Uint8Array>, string, string][])(
    '%s',
    async (_name, files, code, text) => {
      const path = await folder(files);
      await expect(buildFolder(path)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
    },
  );
});

test('garbage has no memory', () => {
  for (const garbage of ['', 'hello', '\0asm', '\0asm\x01\0\0\0\x05\xff\xff\xff'])
    expect(() => declaredMemory(Buffer.from(garbage, 'latin1'))).toThrow('not a WebAssembly module');
});
