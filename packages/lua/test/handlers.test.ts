import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { OTHER, plain, tag } from './test-process.ts';

onEachLoader('handlers', (run) => {
  it('answers with reply, to the sender and under its reference', async () => {
    await run.process.run('Handlers.add("ping", "Ping", function(msg) msg.reply({Data = "pong"}) end)');
    const { Messages } = await run.process.from(OTHER, { Action: 'Ping', Reference: '7', 'X-Origin': 'o' });
    expect(Messages).toHaveLength(1);
    expect(Messages[0]).toMatchObject({ Target: OTHER, Data: 'pong' });
    expect(tag(Messages[0], 'X-Reference')).toBe('7');
    expect(tag(Messages[0], 'X-Origin')).toBe('o');
    const directed = await run.process.from(OTHER, { Action: 'Ping', 'Reply-To': 'somebody' });
    expect(directed.Messages[0]?.Target).toBe('somebody');
  });

  it('forwards without what belongs to one message only', async () => {
    await run.process.run('Handlers.add("fwd", "Fwd", function(msg) msg.forward("next", {Extra = "1"}) end)');
    const { Messages } = await run.process.from(
      OTHER,
      { Action: 'Fwd', Reference: '9', Keep: 'me' },
      { Data: 'd' },
    );
    const [message] = Messages;
    expect(message).toMatchObject({ Target: 'next', Data: 'd' });
    expect(tag(message, 'Keep')).toBe('me');
    expect(tag(message, 'Extra')).toBe('1');
    expect(tag(message, 'Reply-To')).toBe(OTHER);
    expect(tag(message, 'X-Origin')).toBe(OTHER);
    expect(tag(message, 'X-Reference')).toBe('9');
    for (const name of ['Timestamp', 'Hash-Chain', 'Owner', 'Id', 'Nonce', 'reply']) {
      expect(tag(message, name)).toBeUndefined();
    }
  });

  it.each([
    ['an Action', '"Go"'],
    ['a key', '{Action = "Go"}'],
    ['a key in another spelling', '{["COLOUR"] = "grey"}'],
    ['any value of a key', '{Colour = "_"}'],
    ['a value in another case', '{Action = "gO"}'],
    ['a Lua pattern', '{Colour = "^gr[ae]y$"}'],
    ['a list of values', '{Colour = {"red", "grey"}}'],
    [
      'a function of a value',
      '{Size = function(size, msg) return tonumber(size) > 3 and msg.Action == "Go" end}',
    ],
    ['a function of the message', 'function(msg) return msg.Size == "4" end'],
    ['hasMatchingTag', 'Handlers.utils.hasMatchingTag("Colour", "grey")'],
    ['hasMatchingTagOf', 'Handlers.utils.hasMatchingTagOf("Colour", {"red", "grey"})'],
    ['hasMatchingData', 'Handlers.utils.hasMatchingData("data")'],
  ])('matches %s', async (_, pattern) => {
    await run.process.run(`Handlers.add("h", ${pattern}, function(msg) print("hit") end)`);
    const go = { Action: 'Go', Colour: 'grey', Size: '4' };
    expect((await run.process.from(OTHER, go, { Data: 'data' })).Output.data).toBe('hit');
    const other = await run.process.from(OTHER, { Action: 'Stop', Size: '1' }, { Data: 'other' });
    expect(other.Output.data).not.toContain('hit');
  });

  it('goes on after a pattern that says so', async () => {
    await run.process.run(`
      Order = ""
      local function note(mark) return function() Order = Order .. mark end end
      Handlers.add("a", function() return 1 end, note("a"))
      Handlers.add("b", function() return "continue" end, note("b"))
      Handlers.add("c", function() return 0 end, note("c"))
      Handlers.add("d", function() return "skip" end, note("d"))
      Handlers.add("e", Handlers.utils.continue("Go"), note("e"))
      Handlers.add("f", function() return -1 end, note("f"))
      Handlers.add("g", function() return true end, note("g"))`);
    await run.process.from(OTHER, { Action: 'Go' });
    expect(await run.process.run('local o = Order Order = "" return o')).toBe('abef');
  });

  it('keeps the order of add, prepend, append, before and after, and replaces by name', async () => {
    const names = await run.process.run(`
      local f = function() end
      Handlers.add("m", "M", f) Handlers.prepend("p", "P", f) Handlers.append("z", "Z", f)
      Handlers.before("m").add("bm", "B", f) Handlers.after("m").add("am", "A", f)
      Handlers.add("p", "P2", f) Handlers.remove("z")
      local names = {}
      for _, handler in ipairs(Handlers.list) do
        if not handler.name:find("^_") then names[#names + 1] = handler.name .. ":" .. handler.pattern end
      end
      return table.concat(names, " ")`);
    expect(names).toBe('p:P2 bm:B m:M am:A');
  });

  it('runs a handler as often as it may', async () => {
    await run.process.run(
      'Handlers.once("Once", function() print("once") end) Handlers.add("t", "Twice", function() print("twice") end, 2)',
    );
    const answer = async (action: string) =>
      plain((await run.process.from(OTHER, { Action: action })).Output.data);
    expect(await answer('Once')).toBe('once');
    expect(await answer('Once')).toContain('New Message');
    expect(await answer('Twice')).toBe('twice');
    expect(await answer('Twice')).toBe('twice');
    expect(await answer('Twice')).toContain('New Message');
  });

  it('takes a table of patterns as the handle', async () => {
    await run.process.run(
      'Handlers.add("r", {Kind = "_"}, {[{Kind = "a"}] = function() print("A") end, [{Kind = "b"}] = function() print("B") end})',
    );
    expect((await run.process.from(OTHER, { Kind: 'b' })).Output.data).toBe('B');
  });

  it('refuses a handler that can not work', async () => {
    await expect(run.process.run('Handlers.add("x", "X")')).rejects.toThrow('a handler needs');
    await expect(run.process.run('Handlers.before("nobody").add("x", "X", print)')).rejects.toThrow(
      'no handler named nobody',
    );
  });

  it('reports an error of a handler with its line and a traceback', async () => {
    await run.process.run('Handlers.add("bad", "Bad", function(msg)\n  local x = nil\n  return x.y\nend)');
    const { Error: problem, Messages } = await run.process.from(OTHER, { Action: 'Bad' });
    expect(plain(problem)).toContain('Error handling message with Action = Bad');
    expect(plain(problem)).toContain('[string "aos"]:3: attempt to index a nil value (local \'x\')');
    expect(plain(problem)).toContain('stack traceback:');
    expect(Messages).toBeUndefined();
  });

  it('keeps a message that nobody handles in the Inbox', async () => {
    const { Output } = await run.process.from(OTHER, {}, { Data: 'hello there, this is a long text' });
    expect(plain(Output.data)).toBe('New Message From oth...00C: Data = hello there, this is');
    expect(Output.print).toBe(true);
    expect(await run.process.run('Inbox[#Inbox].Data')).toBe('hello there, this is a long text');
  });

  it('forgets the oldest message of a full Inbox', async () => {
    await run.process.run('for i = 1, 10000 do Inbox[i] = {Number = i} end');
    await run.process.from(OTHER, { Last: 'yes' });
    expect(await run.process.run('#Inbox .. " " .. Inbox[1].Number .. " " .. Inbox[#Inbox].Last')).toBe(
      '10000 2 yes',
    );
  });
});
