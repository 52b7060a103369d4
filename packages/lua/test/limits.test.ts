import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { OTHER, plain, tags } from './test-process.ts';

const MEGABYTE = 1024 * 1024;

onEachLoader('limits', (run) => {
  it('handles messages of megabytes, in and out', async () => {
    await run.process.run(
      'Handlers.add("big", "Big", function(msg) msg.reply({Data = msg.Data .. msg.Data}) end)',
    );
    // Every character is escaped in JSON, so the text that arrives is twice as large.
    const data = '"'.repeat(4 * MEGABYTE);
    const { Messages } = await run.process.from(OTHER, { Action: 'Big' }, { Data: data });
    expect(Messages[0]?.Data === data + data).toBe(true);
    expect(await run.process.run('1')).toBe('1');
  });

  it('leaves nothing of a large message on the C stack', async () => {
    await run.process.run('Handlers.add("big", "Big", function(msg) end)');
    const small = await run.process.memory();
    await run.process.from(OTHER, { Action: 'Big' }, { Data: 'x'.repeat(MEGABYTE) });
    await run.process.run('collectgarbage()');
    const after = await run.process.memory();
    expect(after.bytes - small.bytes).toBeLessThan(8 * MEGABYTE);
  });

  it('grows its memory for state, and keeps it', async () => {
    const before = await run.process.memory();
    await run.process.run('State = {} for i = 1, 20 do State[i] = ("x"):rep(1024 * 1024) .. i end');
    const after = await run.process.memory();
    expect(after.bytes - before.bytes).toBeGreaterThan(20 * MEGABYTE);
    expect(await run.process.run('#State[20]')).toBe(String(MEGABYTE + 2));
  });

  it('does not grow when messages leave nothing behind', async () => {
    await run.process.run('Handlers.add("p", "Ping", function(msg) msg.reply({Data = "pong"}) end)');
    const ping = () => run.process.from(OTHER, { Action: 'Ping' }, { Data: 'x'.repeat(1000) });
    for (let i = 0; i < 300; i++) await ping();
    const before = await run.process.run('collectgarbage() return math.floor(collectgarbage("count"))');
    for (let i = 0; i < 300; i++) await ping();
    const after = await run.process.run('collectgarbage() return math.floor(collectgarbage("count"))');
    expect(Number(after) - Number(before)).toBeLessThan(8);
  });

  it('reports that memory has run out, and goes on', async () => {
    const { Error: problem } = await run.process.eval('("x"):rep(1020 * 1024 * 1024)');
    expect(plain(problem)).toContain('not enough memory');
    expect(await run.process.run('1 + 1')).toBe('2');
  });

  it.each([
    ['endless recursion', 'local function f() return 1 + f() end f()', 'stack overflow'],
    [
      'endless recursion through pcall',
      'local function f() return assert(pcall(f)) end assert(pcall(f))',
      'stack overflow',
    ],
    [
      'endless recursion through metamethods',
      'local t = setmetatable({}, {}) getmetatable(t).__index = function(s, k) return s[k .. "x"] end return t.a',
      'C stack overflow',
    ],
    [
      'nested coroutines',
      'local function f() local ok, e = coroutine.resume(coroutine.create(f)) error(e, 0) end f()',
      'C stack overflow',
    ],
    ['deeply nested source', 'load(("("):rep(100000))() ', 'attempt to call a nil value'],
    ['a huge pattern', '("x"):rep(300000):find((".-"):rep(300000) .. "y")', 'too complex'],
    ['a huge string', '("xx"):rep(math.maxinteger)', 'resulting string too large'],
    ['an error in an error handler', 'xpcall(error, function() error("again") end) error("done")', 'done'],
    [
      'an error object that can not be shown',
      'error(setmetatable({}, {__tostring = function() error("ha") end}))',
      'ha',
    ],
    ['unpacking too much', 'table.unpack({}, 1, 1e8)', 'too many results'],
  ])('survives %s', async (_, source, problem) => {
    const result = await run.process.evaluate({ Tags: tags({ Action: 'Eval' }), Data: source });
    const text = result.ok ? (result.response as { Error?: string }).Error : String(result.response);
    expect(plain(text)).toContain(problem);
    expect(await run.process.run('"alive"')).toBe('alive');
  });

  it('survives messages that are no messages', async () => {
    for (const fields of [
      { Tags: null },
      { Tags: 'x' },
      { From: null, Owner: null },
      { Data: 7 },
      { Data: { a: 1 } },
      { Timestamp: 'x' },
      { Tags: [{}] },
      { Tags: [{ name: 'Action' }] },
    ]) {
      await run.process.evaluate(fields);
      expect(await run.process.run('"alive"')).toBe('alive');
    }
  });
});
