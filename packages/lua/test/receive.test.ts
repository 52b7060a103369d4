import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { OTHER, PROCESS, plain, tag } from './test-process.ts';

onEachLoader('waiting for an answer', (run) => {
  it('goes on when the answer to Send comes', async () => {
    const { Messages } = await run.process.eval(
      'local answer = Send({Target = "T", Action = "Ask"}).receive()\nprint("got " .. answer.Data)\nreturn answer.From',
    );
    const reference = tag(Messages[0], 'Reference') ?? '';
    await run.process.from(OTHER, { 'X-Reference': reference }, { Data: 'not from T' });
    const other = await run.process.from('T', { 'X-Reference': '999' }, { Data: 'not this one' });
    expect(other.Output.data).not.toContain('got');
    const { Output } = await run.process.from('T', { 'X-Reference': reference }, { Data: 'answer' });
    expect(Output.data).toBe('got answer\nT');
    expect((await run.process.from('T', { 'X-Reference': reference })).Output.data).not.toContain('got');
  });

  it('waits in a handler, more than once, and answers the first message', async () => {
    await run.process.run(`Handlers.add("relay", "Relay", function(msg)
      local first = Send({Target = "A"}).receive()
      local second = Receive({Action = "Second"})
      msg.reply({Data = first.Data .. second.Data})
    end)`);
    const { Messages } = await run.process.from(OTHER, { Action: 'Relay', Reference: '3' });
    await run.process.from('A', { 'X-Reference': tag(Messages[0], 'Reference') ?? '' }, { Data: '1' });
    const last = await run.process.from('B', { Action: 'Second' }, { Data: '2' });
    expect(last.Messages[0]).toMatchObject({ Target: OTHER, Data: '12' });
    expect(tag(last.Messages[0], 'X-Reference')).toBe('3');
  });

  it('calls onReply', async () => {
    const { Messages } = await run.process.eval(
      'ao.send({Target = "T"}).onReply(function(msg) print("reply " .. msg.Data) end)',
    );
    const answer = { 'X-Reference': tag(Messages[0], 'Reference') ?? '' };
    expect((await run.process.from('T', answer, { Data: 'r' })).Output.data).toBe('reply r');
  });

  it('learns the id of a process it spawned', async () => {
    const { Spawns } = await run.process.eval(
      'local child = Spawn("module-id", {}).receive() print("child " .. child.Process)',
    );
    const spawned = {
      Action: 'Spawned',
      Process: 'child-id',
      Reference: tag(Spawns[0], 'Reference') ?? '',
    };
    expect((await run.process.push(PROCESS, spawned)).Output.data).toBe('child child-id');
  });

  it('learns it even if the spawn had an Action of its own', async () => {
    const { Spawns } = await run.process.eval(
      'local child = Spawn("module-id", {Action = "Start"}).receive() print("child " .. child.Process)',
    );
    const Tags = [
      { name: 'Reference', value: tag(Spawns[0], 'Reference') },
      { name: 'Action', value: 'Start' },
      { name: 'Process', value: 'child-id' },
      { name: 'Action', value: 'Spawned' },
    ];
    expect((await run.process.push(PROCESS, {}, { Tags })).Output.data).toBe('child child-id');
  });

  it('reports an error after the wait, with the line where it happened', async () => {
    const { Messages } = await run.process.eval(
      'local msg = Send({Target = "T"}).receive()\n\nerror("late " .. msg.Data)',
    );
    const answer = { 'X-Reference': tag(Messages[0], 'Reference') ?? '' };
    const { Error: problem } = await run.process.from('T', answer, { Data: 'trouble' });
    expect(plain(problem)).toContain('[string "aos"]:3: late trouble');
  });
});
