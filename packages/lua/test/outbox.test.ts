import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { MODULE, OTHER, PROCESS, tag } from './test-process.ts';

onEachLoader('sending', (run) => {
  it('puts messages into the outbox with the tags of the protocol', async () => {
    const { Messages } = await run.process.eval(
      'Send({Target = "T", Data = "d", Action = "Go", Amount = 5, Flag = true, Tags = {zeta = "1", ["Al-pha"] = 2}})',
    );
    expect(Messages).toEqual([
      {
        Target: 'T',
        Data: 'd',
        Anchor: '00000000000000000000000000000001',
        Tags: [
          { name: 'Data-Protocol', value: 'ao' },
          { name: 'Variant', value: 'ao.TN.1' },
          { name: 'Type', value: 'Message' },
          { name: 'Reference', value: '1' },
          { name: 'Action', value: 'Go' },
          { name: 'Amount', value: '5' },
          { name: 'Flag', value: 'true' },
          { name: 'Al-pha', value: '2' },
          { name: 'zeta', value: '1' },
        ],
      },
    ]);
  });

  it('counts references up over messages and starts each with an empty outbox', async () => {
    await run.process.eval('Send({Target = "T"})');
    const { Messages } = await run.process.eval(
      'Send({Target = "T"}) Send({Target = "T", Tags = {{name = "A", value = "b"}}})',
    );
    expect(Messages.map((message) => tag(message, 'Reference'))).toEqual(['2', '3']);
    expect(tag(Messages[1], 'A')).toBe('b');
  });

  it('sends a table as JSON and says so', async () => {
    const { Messages } = await run.process.eval('ao.send({Target = "T", Data = {b = {1, 2}, a = "x"}})');
    expect(Messages[0]?.Data).toBe('{"a":"x","b":[1,2]}');
    expect(tag(Messages[0], 'Content-Type')).toBe('application/json');
  });

  it('decodes Data that says it is JSON, and leaves what is not', async () => {
    await run.process.run(
      'Handlers.add("Sum", function(msg) msg.reply({Data = tostring(type(msg.Data) == "table" and msg.Data.a)}) end)',
    );
    const json = { Action: 'Sum', 'Content-Type': 'application/json' };
    expect((await run.process.from(OTHER, json, { Data: '{"a":5}' })).Messages[0]?.Data).toBe('5');
    expect((await run.process.from(OTHER, json, { Data: '{"a":' })).Messages[0]?.Data).toBe('false');
  });

  it('warns about a message without a target', async () => {
    expect((await run.process.eval('Send({Data = "x"})')).Output.data).toContain('WARN: No target specified');
  });

  it('spawns processes', async () => {
    const { Spawns } = await run.process.eval(
      'Spawn("module-id", {Data = "code", Name = "child"}) Spawn({Name = "twin"})',
    );
    expect(Spawns).toHaveLength(2);
    expect(Spawns[0]).toMatchObject({ Data: 'code', Anchor: '00000000000000000000000000000001' });
    expect(Spawns[0]?.Tags.slice(0, 7)).toEqual([
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Type', value: 'Process' },
      { name: 'From-Process', value: PROCESS },
      { name: 'From-Module', value: MODULE },
      { name: 'Module', value: 'module-id' },
      { name: 'Reference', value: '1' },
    ]);
    expect(tag(Spawns[1], 'Module')).toBe(MODULE);
    expect(Spawns[1]?.Data).toBe('NODATA');
  });

  it('assigns messages', async () => {
    const { Assignments } = await run.process.eval('Assign({Processes = {"p1", "p2"}, Message = "m"})');
    expect(Assignments).toEqual([{ Processes: ['p1', 'p2'], Message: 'm' }]);
  });

  it('gives patches', async () => {
    const { ok, response } = await run.process.evaluate({
      Tags: [{ name: 'Action', value: 'Eval' }],
      Data: 'Patch({ balances = { a = 1 } })',
    });
    expect({ ok, response }).toMatchObject({ ok: true, response: { Patches: [{ balances: { a: 1 } }] } });
  });

  it('sends nothing when the evaluation fails', async () => {
    const result = await run.process.eval('Send({Target = "T"}) error("no")');
    expect(
      Object.keys(result).filter((key) => result[key as keyof typeof result] !== undefined),
    ).not.toContain('Messages');
  });
});
