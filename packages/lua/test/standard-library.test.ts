import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { PROCESS } from './test-process.ts';

onEachLoader('the standard library', (run) => {
  it('has every library of Lua 5.3', async () => {
    expect(
      await run.process.run(`local have = {}
        for _, name in ipairs{"string", "table", "math", "utf8", "coroutine", "os", "io", "debug", "package", "bit32"} do
          have[#have + 1] = type(_G[name])
        end
        return _VERSION .. " " .. table.concat(have, " ")`),
    ).toBe(`Lua 5.3${' table'.repeat(10)}`);
  });

  it('writes numbers the same way everywhere', async () => {
    expect(
      await run.process.run('tostring(0/0) .. " " .. -(0/0) .. " " .. ("%.1f %5g"):format(0/0, -(0/0))'),
    ).toBe('nan nan nan   nan');
    expect(
      await run.process.run(
        '1/0 .. " " .. -1/0 .. " " .. 2^53 .. " " .. 1e15 .. " " .. 0.1 .. " " .. ("%a"):format(1)',
      ),
    ).toBe('inf -inf 9.007199254741e+15 1e+15 0.1 0x1p+0');
  });

  it('takes the time from the message', async () => {
    const { Output } = await run.process.send(
      { Action: 'Eval' },
      { Data: 'os.time()', Timestamp: 1_234_567_890_123 },
    );
    expect(Output.data).toBe('1234567890123');
    const date = await run.process.send(
      { Action: 'Eval' },
      { Data: 'os.date("!%Y-%m-%d %H:%M:%S %Z")', Timestamp: 951_782_399_999 },
    );
    expect(date.Output.data).toBe('2000-02-28 23:59:59 UTC');
    expect(await run.process.run('os.time{year = 2000, month = 2, day = 30, hour = 0}')).toBe('951868800');
    expect(await run.process.run('os.date("!%c", -86400 * 365)')).toBe('Wed Jan  1 00:00:00 1969');
  });

  it('gives the same random numbers to the same process, and others to another', async () => {
    const numbers = 'math.random() .. " " .. math.random(100) .. " " .. math.random(-5, 5)';
    const first = await run.process.run(numbers);
    await using again = await run.start();
    await again.spawn();
    expect(await again.run(numbers)).toBe(first);
    await using other = await run.start();
    await other.send({ Type: 'Process' }, { Id: PROCESS, 'Block-Height': 7 });
    expect(await other.run(numbers)).not.toBe(first);
  });

  it('has no shell, no files, no environment and no way out', async () => {
    expect(await run.process.run('tostring(os.execute())')).toBe('false');
    expect(await run.process.run('({os.execute("touch /tmp/pwned")})[2]')).toBe('Function not implemented');
    await expect(run.process.run('io.popen("id")')).rejects.toThrow("'popen' not supported");
    expect(await run.process.run('({io.open("/etc/passwd")})[2]')).toBe(
      '/etc/passwd: No such file or directory',
    );
    expect(await run.process.run('tostring(io.read("a")) .. tostring(io.read("l"))')).toBe('nil');
    expect(await run.process.run('io.write("x") == io.stdout')).toBe('true');
    expect(
      await run.process.run(
        'tostring(os.getenv("HOME")) .. tostring(os.remove("x")) .. tostring(os.rename("a", "b"))',
      ),
    ).toBe('nilnilnil');
    await expect(run.process.run('os.tmpname()')).rejects.toThrow('unable to generate a unique filename');
    await expect(run.process.run('os.exit()')).rejects.toThrow('a process cannot exit');
    expect(await run.process.run('({package.loadlib("x", "*")})[2]')).toContain('not enabled');
  });

  it('finds its modules under their names', async () => {
    const names = [
      'json',
      '.json',
      'ao',
      '.ao',
      '.handlers',
      '.handlers-utils',
      '.utils',
      '.base64',
      '.pretty',
      '.stringify',
      '.dump',
      '.bint',
      '.crypto',
      '.crypto.init',
      '.crypto.digest',
      '.crypto.mac',
      '.crypto.kdf',
      '.crypto.cipher',
      '.crypto.util',
      '.crypto.util.array',
      '.crypto.util.hex',
      '.crypto.util.stream',
      '.assignment',
      '.chance',
      '.eval',
      '.boot',
      '.default',
      'coroutine',
    ];
    for (const name of names)
      expect(await run.process.run(`type(require("${name}"))`)).toMatch(/^(table|function)$/);
    expect(
      await run.process.run(
        'require("ao") == ao and require(".ao") == ao and require(".crypto") == require(".crypto.init")',
      ),
    ).toBe('true');
    await expect(run.process.run('require("nothing")')).rejects.toThrow("module 'nothing' not found");
  });
});
