import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { OTHER, OWNER, PROCESS, plain, type Response, tag } from './test-process.ts';

// Programs in the ways in which people write them for aos.
onEachLoader('programs', (run) => {
  const from = (sender: string, tags: Record<string, string>, fields = {}) =>
    run.process.from(sender, tags, fields);
  const inbox = (result: Response) => plain(result.Output.data);

  it('can be a chat room, with tags looked at by hasMatchingTag and ao.send', async () => {
    await run.process.run(`
      Members = Members or {}
      Handlers.add("Register", Handlers.utils.hasMatchingTag("Action", "Register"), function (msg)
        table.insert(Members, msg.From)
        Handlers.utils.reply("registered")(msg)
      end)
      Handlers.add("Broadcast", Handlers.utils.hasMatchingTag("Action", "Broadcast"), function (msg)
        for _, recipient in ipairs(Members) do
          ao.send({Target = recipient, Data = msg.Data})
        end
        Handlers.utils.reply("Broadcasted.")(msg)
      end)
      return Utils.map(function (handler) return handler.name end, Handlers.list)`);
    expect((await from(OTHER, { Action: 'Register' })).Messages[0]?.Data).toBe('registered');
    await from('second', { Action: 'Register' });
    const { Messages } = await from(OTHER, { Action: 'Broadcast' }, { Data: 'hello' });
    expect(Messages.map(({ Target, Data }) => [Target, Data])).toEqual([
      [OTHER, 'hello'],
      ['second', 'hello'],
      [OTHER, 'Broadcasted.'],
    ]);
  });

  it('can be a token that counts with bint', async () => {
    await run.process.run(`
      local bint = require('.bint')(256)
      local json = require('json')
      local utils = {
        add = function (a, b) return tostring(bint(a) + bint(b)) end,
        subtract = function (a, b) return tostring(bint(a) - bint(b)) end,
        toBalanceValue = function (a) return tostring(bint(a)) end,
        toNumber = function (a) return bint.tonumber(a) end
      }
      Denomination = Denomination or 12
      Balances = Balances or { [ao.id] = utils.toBalanceValue(10000 * 10 ^ Denomination) }
      TotalSupply = TotalSupply or utils.toBalanceValue(10000 * 10 ^ Denomination)
      Handlers.add('transfer', "Transfer", function (msg)
        assert(type(msg.Recipient) == 'string', 'Recipient is required!')
        assert(bint.__lt(0, bint(msg.Quantity)), 'Quantity must be greater than 0')
        if not Balances[msg.From] then Balances[msg.From] = "0" end
        if not Balances[msg.Recipient] then Balances[msg.Recipient] = "0" end
        if bint(msg.Quantity) <= bint(Balances[msg.From]) then
          Balances[msg.From] = utils.subtract(Balances[msg.From], msg.Quantity)
          Balances[msg.Recipient] = utils.add(Balances[msg.Recipient], msg.Quantity)
          if not msg.Cast then
            local debitNotice = { Action = 'Debit-Notice', Recipient = msg.Recipient, Quantity = msg.Quantity,
              Data = Colors.gray .. "You transferred " .. Colors.blue .. msg.Quantity .. Colors.reset }
            local creditNotice = { Target = msg.Recipient, Action = 'Credit-Notice', Sender = msg.From, Quantity = msg.Quantity }
            for tagName, tagValue in pairs(msg) do
              if string.sub(tagName, 1, 2) == "X-" then
                debitNotice[tagName] = tagValue
                creditNotice[tagName] = tagValue
              end
            end
            if msg.reply then msg.reply(debitNotice) else Send(debitNotice) end
            Send(creditNotice)
          end
        elseif msg.reply then
          msg.reply({ Action = 'Transfer-Error', ['Message-Id'] = msg.Id, Error = 'Insufficient Balance!' })
        end
      end)
      Handlers.add('balances', "Balances", function (msg) msg.reply({ Data = json.encode(Balances) }) end)
      Balances["${OTHER}"] = "100000000000000000000"`);
    expect(await run.process.run('TotalSupply')).toBe('10000000000000000');
    const transfer = { Action: 'Transfer', Recipient: 'bob', 'X-Memo': 'm' };
    const { Messages } = await from(OTHER, { ...transfer, Quantity: '99999999999999999999' });
    expect(
      Messages.map((message) => [message.Target, tag(message, 'Action'), tag(message, 'X-Memo')]),
    ).toEqual([
      [OTHER, 'Debit-Notice', 'm'],
      ['bob', 'Credit-Notice', 'm'],
    ]);
    expect(tag((await from(OTHER, { ...transfer, Quantity: '2' })).Messages[0], 'Error')).toBe(
      'Insufficient Balance!',
    );
    expect((await from(OTHER, { ...transfer, Quantity: '0' })).Error).toContain(
      'Quantity must be greater than 0',
    );
    const balances = JSON.parse((await from(OTHER, { Action: 'Balances' })).Messages[0]?.Data ?? '');
    expect(balances).toMatchObject({ [OTHER]: '1', bob: '99999999999999999999' });
  });

  it('can ask and wait, in a handler and in the console', async () => {
    await run.process.run(`Handlers.add("quote", "Quote", function (msg)
      local price = Send({Target = "oracle", Action = "Get-Price", Token = msg.Token}).receive().Data
      local confirmation = Receive({Action = "Confirm", From = msg.From})
      msg.reply({Price = price, Note = confirmation.Data})
    end)`);
    const { Messages } = await from(OTHER, { Action: 'Quote', Token: 'AR', Reference: '5' });
    await from('somebody', { Action: 'Confirm' }, { Data: 'not mine' });
    await from('oracle', { 'X-Reference': tag(Messages[0], 'Reference') ?? '' }, { Data: '42' });
    const done = await from(OTHER, { Action: 'Confirm' }, { Data: 'fine' });
    expect(done.Messages[0]?.Target).toBe(OTHER);
    expect(['Price', 'Note', 'X-Reference'].map((name) => tag(done.Messages[0], name))).toEqual([
      '42',
      'fine',
      '5',
    ]);
    await run.process.run(`Got = nil
      Send({Target = ao.id, Action = "Self"}).onReply(function (msg) Got = msg.Data end)`);
    expect(await run.process.run('tostring(Got)')).toBe('nil');
  });

  it('can send to itself, and read its Inbox', async () => {
    const { Messages, Output } = await run.process.eval(
      'Send({ Target = ao.id, Data = "Hello World!", Kind = "note" })',
    );
    expect(Messages[0]).toMatchObject({ Target: PROCESS, Data: 'Hello World!' });
    expect(plain(Output.data)).toContain('Message added to outbox');
    const kept = await run.process.push(PROCESS, { Kind: 'note' }, { Data: 'Hello World!' });
    expect(inbox(kept)).toContain('New Message From pro...00A: Data = Hello World!');
    expect(await run.process.run('Inbox[#Inbox].Data .. Inbox[#Inbox].Kind .. #Inbox')).toBe(
      'Hello World!note2',
    );
    expect(
      await run.process.run('Utils.filter(function (m) return m.Kind == "note" end, Inbox)[1].Data'),
    ).toBe('Hello World!');
  });

  it('can start processes, and talk to what it started', async () => {
    const { Spawns } = await run.process.eval(`
      Child = nil
      local child = Spawn(ao._module, { Name = "child", Data = "Count = 0" }).receive()
      Child = child.Process
      Send({ Target = Child, Action = "Eval", Data = "Count = Count + 1" })`);
    expect(tag(Spawns[0], 'Name')).toBe('child');
    const answer = { Action: 'Spawned', Process: 'child-id', Reference: tag(Spawns[0], 'Reference') ?? '' };
    const { Messages } = await run.process.push(PROCESS, answer);
    expect(Messages[0]).toMatchObject({ Target: 'child-id', Data: 'Count = Count + 1' });
    expect(await run.process.run('Child')).toBe('child-id');
  });

  it('can run by the clock, and have a game clock of its own', async () => {
    await run.process.run(`
      Ticks, Last = 0, os.time()
      Handlers.add("tick", { Action = "Cron" }, function (msg)
        assert(msg.Cron or msg.From == Owner, "only the clock ticks")
        Ticks, Last = Ticks + 1, msg.Timestamp
      end)`);
    await run.process.send({ Action: 'Cron' }, { Cron: true, Timestamp: 1_800_000_000_000 });
    expect(await run.process.run('Ticks .. " " .. Last')).toBe('1 1800000000000');
    expect((await from(OTHER, { Action: 'Cron' })).Error).toContain('only the clock ticks');
  });

  it('can bring modules along, in package.loaded', async () => {
    await run.process.run(`
      local function load_shop()
        local shop = {}
        function shop.price(n) return n * 2 end
        return shop
      end
      _G.package.loaded[".shop"] = load_shop()
      package.preload["lazy"] = function () return { loaded = true } end`);
    expect(await run.process.run('require(".shop").price(21) .. tostring(require("lazy").loaded)')).toBe(
      '42true',
    );
  });

  it('can change the prompt, and its name', async () => {
    await run.process.run('Name = "shop" Prompt = function () return Name .. "> " end');
    expect((await run.process.eval('1')).Output.prompt).toBe('shop> ');
  });

  it('can give itself to somebody else', async () => {
    await run.process.run(`Owner = "${OTHER}"`);
    expect(inbox(await run.process.eval('1'))).toContain('New Message');
    expect(
      (await from(OTHER, { Action: 'Eval' }, { Data: `Owner = "${OWNER}" return Owner` })).Output.data,
    ).toBe(OWNER);
  });

  it('finds older names of things where they were', async () => {
    expect(
      await run.process.run(`local found = {}
        for _, name in ipairs({ "Handlers.utils.reply", "Handlers.utils.continue", "Handlers.utils.hasMatchingTagOf",
          "Handlers.append", "Handlers.prepend", "Handlers.before", "Handlers.after", "Handlers.remove", "Handlers.once",
          "Handlers.receive", "Handlers.evaluate", "Handlers.generateResolver", "ao.send", "ao.spawn", "ao.assign", "ao.log",
          "ao.result", "ao.isTrusted", "ao.isAssignment", "ao.isAssignable", "ao.addAssignable", "ao.removeAssignable",
          "ao.clone", "ao.normalize", "ao.sanitize", "ao.init", "ao.clearOutbox", "Utils.includes", "Utils.matchesSpec",
          "Utils.matchesPattern", "Utils.reduce", "Utils.compose", "Utils.propEq", "Assign", "Receive", "Version", "Dump",
          "Tab", "bit32.band", "math.pow", "table.unpack", "string.format", "utf8.char", "debug.traceback" }) do
          local value = _G
          for part in name:gmatch("[^.]+") do value = value[part] end
          if type(value) ~= "function" then table.insert(found, name) end
        end
        return table.concat(found, " ")`),
    ).toBe('');
    expect(
      await run.process.run('type(ao.authorities) .. type(ao.env.Process.Tags) .. ao.env.Process.Id'),
    ).toBe(`tabletable${PROCESS}`);
  });
});
