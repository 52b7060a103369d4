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

  it('says what to do about an On-Boot it can not read', async () => {
    await using fresh = await run.start({ 'On-Boot': 'some-transaction' });
    expect((await fresh.spawn()).Error).toContain('use On-Boot: Data');
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
