import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModule } from '../src/index.ts';
import { libraryModule, loaders } from './loaders.ts';
import { OTHER, plain, TestProcess, tag } from './test-process.ts';

const LINES = 'first line\nsecond line\n42 0x10\n';
const LARGE = Array.from({ length: 300_000 }, (_, i) => `${i}`).join(',');
const BLOCK = JSON.stringify({ height: 7, indep_hash: 'h' });
const files = {
  '/data/lines': LINES,
  '/data/empty': '',
  '/data/large': LARGE,
  '/tx/lines': '{"owner":"","ownerAddress":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}',
  '/block/7': BLOCK,
};

describe.each(loaders)('files of Arweave on $name', (loader) => {
  let process: TestProcess;
  const run = (source: string) => process.run(source);

  beforeAll(async () => {
    process = await TestProcess.load(loader, await libraryModule(loader.target), {}, { files });
    await process.spawn();
  });
  afterAll(() => process[Symbol.asyncDispose]());

  it('are read whole, by size, in parts and by lines', async () => {
    expect(await run('local f = io.open("/data/lines") return f:read("a")')).toBe(LINES);
    expect(
      await run('local f = io.open("/data/lines", "rb") return f:read(f:seek("end")) .. f:read("a")'),
    ).toBe(LINES);
    expect(
      await run('local f = io.open("/data/lines") local n = f:seek("end") f:seek("set") return f:read(n)'),
    ).toBe(LINES);
    const parts =
      'f:read("l"), f:read(4), f:read("L"), f:read("n"), f:read("n"), f:read("n"), f:read(0), f:read("a")';
    expect(await run(`local f = io.open("/data/lines") print(${parts})`)).toBe(
      'first line\tseco\tnd line\n\t42\t16\tnil\tnil\t',
    );
    expect(
      await run('local n = 0 for line in io.open("/data/lines"):lines() do n = n + #line end return n'),
    ).toBe('28');
  });

  it('are read by io.lines, too', async () => {
    expect(await run('local n = 0 for a in io.lines("/data/lines", 5) do n = n + #a end return n')).toBe(
      '31',
    );
    expect(await run('local n = 0 for line in io.lines("/data/lines") do n = n + 1 end return n')).toBe('3');
    await expect(run('local next = io.lines("/etc/passwd")')).rejects.toThrow(
      '[string "aos"]:1: /etc/passwd: No such file or directory',
    );
    await expect(run('io.open("/data/lines", "w") io.input("/etc/passwd")')).rejects.toThrow('No such file');
  });

  it('can be transactions and blocks', async () => {
    expect(await run('require("json").decode(io.open("/block/7"):read("a")).height')).toBe('7');
    expect(await run('require("json").decode(io.open("/tx/lines"):read("a")).ownerAddress')).toHaveLength(43);
  });

  it('can be large, empty, and open at the same time', async () => {
    expect(
      await run('local f = io.open("/data/large") local s = f:read("a") f:close() return #s .. s:sub(-7)'),
    ).toBe(`${LARGE.length},299999`);
    expect(
      await run(
        'local f = io.open("/data/empty") return tostring(f:read("l")) .. f:read("a") .. f:seek("end")',
      ),
    ).toBe('nil0');
    const both = 'local a, b = io.open("/data/lines"), io.open("/block/7")';
    expect(await run(`${both} a:read(6) b:read(1) return a:read(4) .. b:read(4) .. a:seek("cur", -2)`)).toBe(
      'line"hei8',
    );
  });

  it('stay open from one message to the next', async () => {
    await run('File = io.open("/data/lines") File:read("l")');
    await run('collectgarbage()');
    expect(await run('local line = File:read("l") File:close() return line .. io.type(File)')).toBe(
      'second lineclosed file',
    );
  });

  it('can be opened in coroutines, protected calls and handlers', async () => {
    const read = 'io.open("/data/lines"):read(5)';
    expect(
      await run(`select(3, pcall(pcall, function() return ${read} end)) .. tostring(pcall(error))`),
    ).toBe('firstfalse');
    expect(await run(`select(2, xpcall(function() return ${read} end, print))`)).toBe('first');
    expect(
      await run(`local co = coroutine.create(function(a)
        local b = coroutine.yield(${read} .. a)
        return ${read} .. b, "second"
      end)
      print(coroutine.resume(co, 1))
      print(coroutine.status(co))
      print(coroutine.resume(co, 2))
      print(coroutine.resume(co))
      local inner = coroutine.wrap(function(...)
        for word in coroutine.wrap(function() coroutine.yield(${read}) end) do coroutine.yield(word, ...) end
        error("end")
      end)
      print(inner("a", "b"))
      print(pcall(inner))
      print(coroutine.resume(coroutine.running()))
      return setmetatable({}, {__index = function(_, key) return ${read} .. key end}).x`),
    ).toBe(
      [
        'true\tfirst1',
        'suspended',
        'true\tfirst2\tsecond',
        'false\tcannot resume dead coroutine',
        'first\ta\tb',
        'false\t[string "aos"]:11: end',
        'false\tcannot resume non-suspended coroutine',
        'firstx',
      ].join('\n'),
    );
    await run(`Handlers.add("read", "Read", function(msg)
      local answer = msg.reply({Data = ${read}}).receive()
      msg.reply({Data = ${read} .. answer.Data})
    end)`);
    const { Messages } = await process.from(OTHER, { Action: 'Read', Reference: '1' });
    expect(Messages[0]?.Data).toBe('first');
    const answer = { 'X-Reference': tag(Messages[0], 'Reference') ?? '' };
    expect((await process.from(OTHER, answer, { Data: '!' })).Messages[0]?.Data).toBe('first!');
  });

  it('can not be opened where Lua can not wait, which is an error that says so', async () => {
    for (const source of [
      '("x"):gsub("x", function() io.open("/data/lines") end)',
      'table.sort({1, 2}, function() io.open("/data/lines") end)',
      '("x"):gsub("x", function() coroutine.wrap(function() io.open("/data/lines") end)() end)',
    ]) {
      await expect(run(source)).rejects.toThrow('can not be opened from inside of sort, gsub');
      expect(await run('io.open("/data/lines"):read(5)')).toBe('first');
    }
  });

  it('can only be read', async () => {
    for (const mode of ['w', 'a', 'r+', 'w+b'])
      expect(await run(`({io.open("/data/lines", "${mode}")})[2]`)).toBe(
        '/data/lines: Read-only file system',
      );
    await expect(run('io.open("/data/lines", "z")')).rejects.toThrow('invalid mode');
    expect(await run('({io.open("/etc/passwd")})[2]')).toBe('/etc/passwd: No such file or directory');
    expect(await run('tostring(io.open("/data/lines"):write("x"))')).toBe('nil');
  });

  it('tell where an error came from after they were read', async () => {
    const { Error: problem } = await process.eval('local f = io.open("/data/lines")\nerror("line two")');
    expect(plain(problem)).toContain('[string "aos"]:2: line two');
  });
});

describe.each(loaders)('a whole process of its own on $name', (loader) => {
  const source = `return { handle = function(msg)
      local file, problem = io.open(msg.Data)
      if not file then error(problem) end
      return { Output = file:read("a") }
    end }`;

  it('reads files, too', async () => {
    await using process = await TestProcess.load(
      loader,
      await buildModule([{ name: 'process.lua', source }], { target: loader.target }),
      {},
      { files },
    );
    expect((await process.evaluate({ Data: '/block/7' })).response).toMatchObject({ Output: BLOCK });
    const failed = await process.evaluate({ Data: '/etc/passwd' });
    expect(failed).toMatchObject({
      ok: false,
      response: expect.stringContaining(
        'process.lua:3: /etc/passwd: No such file or directory\nstack traceback:',
      ),
    });
    expect((await process.evaluate({ Data: '/data/lines' })).response).toMatchObject({ Output: LINES });
  });

  it('finds none where there is no WeaveDrive', async () => {
    await using process = await TestProcess.load(
      loader,
      await buildModule([{ name: 'process.lua', source }], { target: loader.target }),
    );
    const failed = await process.evaluate({ Data: '/data/lines' });
    expect(failed).toMatchObject({
      ok: false,
      response: expect.stringContaining('/data/lines: No such file'),
    });
  });

  it('can not yield to nobody', async () => {
    const yielding = 'return { handle = function() coroutine.yield() end }';
    await using process = await TestProcess.load(
      loader,
      await buildModule([{ name: 'process.lua', source: yielding }], { target: loader.target }),
    );
    for (let i = 0; i < 2; i++) {
      const failed = await process.evaluate({});
      expect(failed).toMatchObject({ ok: false, response: expect.stringContaining('outside a coroutine') });
    }
  });
});
