import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Network } from '@ao-ts/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ao } from './run-ao.ts';

let folder: string;
let network: Network;
const run = (cwd: string, ...args: string[]) => ao(args, { cwd }).ended;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ao-project-'));
  network = await Network.start({ directory: join(folder, '.ao'), logLevel: 'error', keys: 'ed25519' });
});
afterAll(async () => {
  await network?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('from nothing to a tested process, and to a module of its own that runs', async () => {
  expect((await run(folder, 'init', 'mine')).code).toBe(0);
  expect(await run(folder, 'init', 'mine')).toMatchObject({
    code: 1,
    err: expect.stringContaining('not empty'),
  });
  const project = join(folder, 'mine');

  const tested = await run(project, 'test');
  expect(tested).toMatchObject({ code: 0, out: expect.stringMatching(/pass 1\b/) });

  const built = await run(project, 'build', '--json');
  expect(JSON.parse(built.out)).toMatchObject({ files: ['process.lua'], maximumMemory: 512 * 1024 * 1024 });
  const published = JSON.parse((await run(project, 'publish', '--json', '--tag', 'Name=mine')).out);
  const tags = Object.fromEntries(
    published.tags.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  expect(tags).toEqual({
    'Data-Protocol': 'ao',
    Variant: 'ao.TN.1',
    Type: 'Module',
    'Module-Format': 'wasm32-unknown-emscripten4',
    'Input-Encoding': 'JSON-1',
    'Output-Encoding': 'JSON-1',
    'Compute-Limit': '9000000000000',
    'Memory-Limit': '512-mb',
    'Content-Type': 'application/wasm',
    Name: 'mine',
  });
  const stored = await fetch(`${network.file.gateway}/raw/${published.module}`);
  const binary = await readFile(join(project, 'process.wasm'));
  expect(Buffer.from(await stored.arrayBuffer()).equals(binary)).toBe(true);

  const process = (await run(project, 'spawn', '--module', published.module)).out.trim();
  await run(project, 'message', process, '--action', 'Increment');
  expect((await run(project, 'eval', process, 'Count')).out.trim()).toBe('1');
});

test('a module of 64 bits is published as one, and runs', async () => {
  const project = await mkdtemp(join(folder, 'wide-'));
  await writeFile(
    join(project, 'process.lua'),
    'Handlers.add("add", "Add", function(msg) Sum = (Sum or 0) + math.tointeger(msg.N) end)',
  );
  await writeFile(join(project, 'config.yml'), 'preset: xl\n');
  expect(await run(project, 'build')).toMatchObject({ code: 0, out: expect.stringContaining('64 bits') });
  const { module, tags } = JSON.parse((await run(project, 'publish', '--json')).out);
  expect(tags).toContainEqual({
    name: 'Module-Format',
    value: 'wasm64-unknown-emscripten-draft_2024_02_15',
  });
  expect(tags).toContainEqual({ name: 'Memory-Limit', value: '8192-mb' });
  const process = (await run(project, 'spawn', '--module', module)).out.trim();
  await run(project, 'message', process, '--action', 'Add', '--tag', 'N=2');
  expect((await run(project, 'eval', process, 'Sum')).out.trim()).toBe('2');
});

test('the page on testing says what is so: its examples are a file of tests that pass', async () => {
  const page = await readFile(new URL('../../../docs/testing-processes.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, block]) => block);
  const project = await mkdtemp(join(folder, 'page-'));
  await writeFile(join(project, 'page.test.ts'), blocks.join('\n'));
  const token = new URL('../../../examples/token/token.lua', import.meta.url);
  await copyFile(token, join(project, 'token.lua'));
  const { code, out } = await run(project, 'test');
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringMatching(new RegExp(`pass ${blocks.length}\\b`)),
  });
});

test('a test that fails makes the command fail', async () => {
  const project = await mkdtemp(join(folder, 'failing-'));
  const source = `import { test } from 'node:test'; test('no', () => { throw new Error('as it should') })`;
  await writeFile(join(project, 'a.test.mjs'), source);
  const { code, out } = await run(project, 'test');
  expect(code).toBe(1);
  expect(out).toContain('as it should');
});

describe('mistakes are one sentence', () => {
  let project: string;
  beforeAll(async () => {
    project = await mkdtemp(join(folder, 'mistakes-'));
    await writeFile(join(project, 'garbage.wasm'), 'no module');
  });

  test.each([
    [['build'], 'There is no process.lua in'],
    [['build', 'nowhere'], 'There is no folder'],
    [['publish'], 'There is no file process.wasm'],
    [['publish', 'garbage.wasm'], 'garbage.wasm is not a WebAssembly module'],
    [['test'], 'There is no **/*.test.'],
    [['test', 'nowhere'], 'There is no file or folder nowhere'],
  ])('%s', async (args, text) => {
    const { code, err } = await run(project, ...args);
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual([expect.stringContaining(text), '']);
  });

  test('Lua that does not parse, with its file and line', async () => {
    const broken = await mkdtemp(join(folder, 'broken-'));
    await writeFile(join(broken, 'process.lua'), 'X = 1\nlocal = 2\n');
    const { code, err } = await run(broken, 'build');
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^error: process\.lua:2: [^\n]*\n$/),
    });
  });
});
