import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { AUTHORITY, MODULE, OTHER, OWNER, PROCESS, plain } from './test-process.ts';

onEachLoader('spawn', (run) => {
  it('keeps the spawn message in the Inbox and runs nothing without On-Boot', async () => {
    await using fresh = await run.start();
    const result = await fresh.spawn('X = 1');
    expect(result).toMatchObject({
      Output: { data: '', print: true },
      Messages: [],
      Spawns: [],
      Assignments: [],
    });
    expect(await fresh.run('#Inbox .. tostring(Inbox[1].Id == ao.id) .. tostring(X)')).toBe('1truenil');
  });

  it('evaluates Data with On-Boot: Data', async () => {
    await using fresh = await run.start({ 'On-Boot': 'Data' });
    const result = await fresh.spawn('Count = 41\nprint("booted")\nreturn Count');
    expect(result.Output.data).toBe('booted');
    expect(await fresh.run('Count + 1')).toBe('42');
  });

  it('reports an error of the program with its line', async () => {
    await using fresh = await run.start({ 'On-Boot': 'Data' });
    const result = await fresh.spawn('local a = 1\n\nerror("not today")');
    expect(plain(result.Error)).toContain('program:3: not today');
  });

  it('evaluates what Arweave holds under the id that On-Boot names', async () => {
    const files = {
      '/data/program': 'Booted = "from Arweave" print(#Inbox) return 1, "not an error"',
      '/data/broken': '\nlocal = 1',
      '/data/failing': '\n\nerror("not today")',
    };
    await using fresh = await run.start({ 'On-Boot': 'program' }, { files });
    expect(plain((await fresh.spawn()).Output.data)).toBe('1');
    expect(await fresh.run('Booted')).toBe('from Arweave');
    await using broken = await run.start({ 'On-Boot': 'broken' }, { files });
    expect((await broken.spawn()).Error).toContain('program:2: <name> expected');
    await using failing = await run.start({ 'On-Boot': 'failing' }, { files });
    expect(plain((await failing.spawn()).Error)).toContain('program:3: not today');
  });

  it('says what to do about an On-Boot it can not read', async () => {
    await using fresh = await run.start({ 'On-Boot': 'some-transaction' });
    const { Error: problem } = await fresh.spawn();
    expect(problem).toContain('/data/some-transaction: No such file or directory');
    expect(problem).toContain('Extension: WeaveDrive');
  });

  it('belongs to the process that spawned it', async () => {
    await using child = await run.start({ 'From-Process': OTHER });
    await child.push(OTHER, { Type: 'Process' }, { Id: PROCESS });
    expect((await child.push(OTHER, { Action: 'Eval' }, { Data: 'Owner' })).Output.data).toBe(OTHER);
  });

  it('knows who it is and whom it trusts', async () => {
    await using fresh = await run.start({ Name: 'named', Authority: `${AUTHORITY}, second,${AUTHORITY}` });
    await fresh.spawn();
    expect(await fresh.run('ao.id')).toBe(PROCESS);
    expect(await fresh.run('ao._module')).toBe(MODULE);
    expect(await fresh.run('Owner')).toBe(OWNER);
    expect(await fresh.run('table.concat(ao.authorities, "|")')).toBe(`${AUTHORITY}|second`);
    const { Output } = await fresh.eval('1');
    expect(plain(Output.prompt)).toMatch(/^named@ao-lua-[\d.]+\[Inbox:1]> $/);
  });
});
