import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { buildModule, libraryFiles, moduleBinary, moduleTags, runtimeBinary } from '../src/index.ts';
import { type Loader, libraryModule, loaders, METERED, targets } from './loaders.ts';
import { TestProcess } from './test-process.ts';

const PACKAGE = new URL('../', import.meta.url);
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('the module in the repository', () => {
  it('is made from the Lua files in the repository: run `npm run build:module` if this fails', async () => {
    const record = JSON.parse(await readFile(new URL('module/lua.json', PACKAGE), 'utf8'));
    const files = await libraryFiles();
    expect(record.files).toEqual(Object.fromEntries(files.map(({ name, source }) => [name, sha256(source)])));
    expect(record.runtime).toBe(sha256(await runtimeBinary()));
    expect(record.sha256).toBe(sha256(await moduleBinary()));
    expect(sha256(await buildModule([]))).toBe(record.sha256);
  });

  it('is made from the C files in the repository: run `npm run build:runtime` if this fails', async () => {
    const lines = (await readFile(new URL('module/runtime.sha256', PACKAGE), 'utf8')).trim().split('\n');
    const recorded = Object.fromEntries(lines.map((line) => line.split('  ').reverse() as [string, string]));
    expect(Object.keys(recorded)).toContain('runtime/json.c');
    for (const [file, hash] of Object.entries(recorded)) {
      expect([file, sha256(await readFile(new URL(file, PACKAGE)))]).toEqual([file, hash]);
    }
  });

  it.each([
    [32, 'vii'],
    [64, 'vjj'],
  ] as const)(
    'imports nothing but what every loader of its format offers (%i bits)',
    async (target, call) => {
      const { WebAssembly } = globalThis as unknown as {
        WebAssembly: {
          Module: {
            new (bytes: Uint8Array): object;
            imports(module: object): { module: string; name: string }[];
          };
        };
      };
      const imports = WebAssembly.Module.imports(new WebAssembly.Module(await libraryModule(target)));
      expect(imports.map(({ module, name }) => `${module}.${name}`).sort()).toEqual([
        'env.__asyncjs__weavedrive_close',
        'env.__asyncjs__weavedrive_open',
        'env.__asyncjs__weavedrive_read',
        'env._emscripten_memcpy_js',
        'env._emscripten_throw_longjmp',
        'env.emscripten_resize_heap',
        `env.invoke_${call}`,
        'wasi_snapshot_preview1.fd_seek',
      ]);
    },
  );

  it('is published with the tags a compute unit needs', () => {
    const names = moduleTags.map((tag) => tag.name);
    for (const name of [
      'Data-Protocol',
      'Variant',
      'Type',
      'Module-Format',
      'Input-Encoding',
      'Output-Encoding',
      'Memory-Limit',
      'Compute-Limit',
      'Content-Type',
    ]) {
      expect(names).toContain(name);
    }
  });
});

describe.each(loaders)('the module on $name', (loader: Loader) => {
  // The network's metering tool reads none of WebAssembly's newer instructions.
  it('runs under the metered format, too', async () => {
    await using process = await TestProcess.load(
      loader,
      await libraryModule(loader.target),
      {},
      { format: METERED[loader.target] },
    );
    await process.spawn();
    expect(await process.run('local ok, problem = pcall(error, "caught", 0) return problem')).toBe('caught');
  });
});

describe.each(loaders)('a module built from files, on $name', (loader: Loader) => {
  it('has its own files beside the library', async () => {
    const binary = await buildModule(
      [
        {
          name: 'shop/price.lua',
          source: '#!/usr/bin/lua\nlocal price = {}\nfunction price.of(n) return n * 2 end\nreturn price',
        },
        { name: 'shop/init.lua', source: 'return { price = require(".shop.price") }' },
      ],
      { target: loader.target },
    );
    await using process = await TestProcess.load(loader, binary);
    await process.spawn();
    expect(await process.run('require(".shop").price.of(21)')).toBe('42');
    expect(await process.run('require("shop") == require(".shop.init")')).toBe('true');
    await expect(process.run('require(".shop.price").of()')).rejects.toThrow(
      'shop/price.lua:3: attempt to perform arithmetic',
    );
  });

  it('can be a whole process of its own', async () => {
    const source = `local process = { count = 0 }
      function process.handle(msg, env)
        process.count = process.count + 1
        if msg.Data == "fail" then error("as asked") end
        return { Output = process.count .. msg.Data .. env.Process.Id }
      end
      return process`;
    await using process = await TestProcess.load(
      loader,
      await buildModule([{ name: 'process.lua', source }], { target: loader.target }),
    );
    expect((await process.evaluate({ Data: 'a' })).response).toMatchObject({
      Output: expect.stringMatching(/^1aprocess-/),
    });
    const failed = await process.evaluate({ Data: 'fail' });
    expect(failed).toMatchObject({ ok: false, response: expect.stringContaining('process.lua:4: as asked') });
    expect((await process.evaluate({ Data: 'b' })).response).toMatchObject({
      Output: expect.stringMatching(/^3b/),
    });
  });
});

describe.each(targets)('building for %i bits', (target) => {
  const loader = loaders.find((candidate) => candidate.target === target) as Loader;

  it.each([
    ['a syntax error', 'local x =\n\nreturn', "bad.lua:3: unexpected symbol near 'return'"],
    ['a NUL', 'return "\0"', 'bad.lua contains a NUL character'],
  ])('refuses %s, with file and line', async (_, source, problem) => {
    await expect(buildModule([{ name: 'bad.lua', source }], { target })).rejects.toMatchObject({
      code: 'LUA.INVALID_SOURCE',
      message: expect.stringContaining(problem),
    });
  });

  it('refuses a process that fails when it is loaded', async () => {
    await expect(
      buildModule([{ name: 'process.lua', source: 'local t\nt.x = 1' }], { target }),
    ).rejects.toThrow('process.lua:2: attempt to index a nil value');
  });

  it('refuses a process that needs more memory than there is', async () => {
    const source = 'return { handle = print, rows = ("x"):rep(1020 * 1024 * 1024) }';
    const building = buildModule([{ name: 'process.lua', source }], { target, maximumMemory: 2 ** 30 });
    await expect(building).rejects.toThrow('process.lua:1: not enough memory');
  });

  it('takes megabytes of Lua', async () => {
    const source = `return {${'"0123456789abcdef",\n'.repeat(150_000)}}`;
    const binary = await buildModule([{ name: 'large.lua', source }], { target });
    await using process = await TestProcess.load(loader, binary);
    await process.spawn();
    expect(await process.run('#require(".large")')).toBe('150000');
  });

  it('takes a process that fills its memory when it is loaded', async () => {
    const source = `local rows = {}
      for i = 1, 120000 do rows[i] = ("\\0"):rep(60) .. i end
      return { handle = function() return { Output = #rows .. rows[120000]:sub(-6) } end }`;
    const binary = await buildModule([{ name: 'process.lua', source }], { target });
    await using process = await TestProcess.load(loader, binary);
    expect((await process.evaluate({})).response).toMatchObject({ Output: '120000120000' });
  });

  it('gives the same bytes for the same files', async () => {
    const files = [{ name: 'a.lua', source: 'return { b = 1 }' }];
    expect(sha256(await buildModule(files, { target }))).toBe(sha256(await buildModule(files, { target })));
  });
});
