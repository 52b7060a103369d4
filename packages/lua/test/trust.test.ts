import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { OTHER, OWNER, PROCESS, plain } from './test-process.ts';

onEachLoader('trust', (run) => {
  it('takes pushed messages from its authorities only', async () => {
    await run.process.run('Handlers.add("p", "Ping", function() print("pong") end)');
    expect((await run.process.push(OTHER, { Action: 'Ping' })).Output.data).toBe('pong');
    const refused = await run.process.send({ Action: 'Ping' }, { From: OTHER, Owner: 'stranger' });
    expect(refused).toMatchObject({ Messages: [], Spawns: [], Assignments: [] });
    expect(refused.Output.data).toBe(`Message is not trusted! From: ${OTHER} - Owner: stranger`);
    expect(await run.process.run('#Inbox')).toBe('1');
  });

  it('takes assigned messages only when told to', async () => {
    await run.process.run('Handlers.add("p", "Ping", function() print("pong") end)');
    const assigned = () => run.process.from(OTHER, { Action: 'Ping' }, { Target: 'elsewhere' });
    const refused = await assigned();
    expect(refused.Output.data).toContain('Assignment is not trusted!');
    expect(refused.Messages[0]).toMatchObject({
      Target: OTHER,
      Data: 'Assignment is not trusted by this process!',
    });
    await run.process.run('ao.addAssignable("pings", {Action = "Ping"})');
    expect((await assigned()).Output.data).toBe('pong');
    await run.process.run('ao.removeAssignable("pings")');
    expect((await assigned()).Output.data).toContain('Assignment is not trusted!');
  });

  it('protects the keys that a program names', async () => {
    await run.process.run(`table.insert(ao.nonExtractableTags, "Secret")
      Handlers.add("s", "Show", function(msg) print(tostring(msg.Secret) .. msg.Tags.Secret) end)`);
    expect((await run.process.from(OTHER, { Action: 'Show', Secret: 'x' })).Output.data).toBe('nilx');
  });

  it('lets no tag stand in for what only the network says', async () => {
    await run.process.run(
      'Handlers.add("w", "Who", function(msg) print(msg.From, msg.Owner, msg.Target, msg.Timestamp) end)',
    );
    const lies = { Action: 'Who', From: OWNER, Owner: OWNER, Target: 'x', Timestamp: '1', id: 'y' };
    expect(plain((await run.process.from(OTHER, lies)).Output.data)).toMatch(
      new RegExp(`^${OTHER}\t${OTHER}\t${PROCESS}\t17\\d+$`),
    );
  });
});
