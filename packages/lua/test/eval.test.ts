import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { OTHER, plain } from './test-process.ts';

onEachLoader('Eval', (run) => {
  it('gives the value of an expression', async () => {
    const { Output } = await run.process.eval('1 + 41');
    expect(Output).toMatchObject({ data: '42', test: expect.stringContaining('"42"') });
    expect(Output.print).toBeUndefined();
  });

  it('gives what is printed and what is returned', async () => {
    expect(await run.process.run('print("a") print(1, true, nil)\nreturn "b"')).toBe('a\n1\ttrue\tnil\nb');
    expect(await run.process.run('ao.log("logged")')).toBe('logged');
  });

  it('shows tables in a fixed order', async () => {
    expect(await run.process.run('{b = 1, a = {1, "x"}, c = {}}')).toBe(
      '{\n  a = {\n    1,\n    "x"\n  },\n  b = 1,\n  c = { }\n}',
    );
    expect(await run.process.run('local t = {} t.t = t return t')).toBe('{\n  t = <cycle>\n}');
  });

  it('keeps globals from one message to the next', async () => {
    await run.process.run('Balances = {a = 1}');
    await run.process.run('Balances.a = Balances.a + 1');
    expect(await run.process.run('Balances.a')).toBe('2');
  });

  it('reports a syntax error with its line', async () => {
    const { Error: problem, Output } = await run.process.eval('local a = 1\nlocal = 2');
    expect(problem).toBe('[string "aos"]:2: <name> expected near \'=\'');
    expect(Output).toBeUndefined();
  });

  it('reports a runtime error with its line, after what was printed', async () => {
    const { Error: problem } = await run.process.eval('print("before")\nlocal t\nreturn t.x');
    expect(plain(problem)).toBe(
      'before\n\nerror:\n[string "aos"]:3: attempt to index a nil value (local \'t\')',
    );
  });

  it('reports errors that are not text', async () => {
    expect(plain((await run.process.eval('error({code = 7})')).Error)).toContain('code = 7');
    expect(plain((await run.process.eval('error()')).Error)).toContain('nil');
  });

  it('reports a second value as an error', async () => {
    expect((await run.process.eval('return nil, "no such thing"')).Error).toBe('no such thing');
  });

  it('is for the owner only', async () => {
    const { Output } = await run.process.from(OTHER, { Action: 'Eval' }, { Data: 'Hacked = true' });
    expect(plain(Output.data)).toContain('New Message From oth...00C: Action = Eval');
    expect(await run.process.run('tostring(Hacked)')).toBe('nil');
  });

  it('survives a program that clears what every process has', async () => {
    await run.process.eval(
      'Inbox, Errors, Handlers, Utils, Colors, Dump, Prompt, print, Send, Tab, ao, HANDLER_PRINT_LOGS, Name = nil',
    );
    expect(await run.process.run('print(#Inbox, type(ao.id)) return Name')).toBe('0\tstring\naos');
  });

  it('survives a program that empties the list of handlers', async () => {
    await run.process.run('Handlers.list = {}');
    expect(await run.process.run('1')).toBe('1');
  });
});
