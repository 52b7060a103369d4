import { compileModule, instantiate } from '@ao-ts/core/loader';
import { expect, it } from 'vitest';
import { moduleFormats } from '../src/index.ts';
import { libraryModule, loaders, targets } from './loaders.ts';
import { OTHER, TestProcess, tags } from './test-process.ts';

const PROGRAM = `
  Balances = {}
  Handlers.add("transfer", "Transfer", function(msg)
    Balances[msg.To] = (Balances[msg.To] or 0) + tonumber(msg.Quantity)
    Send({Target = msg.To, Action = "Credit", Data = Balances, Random = math.random(1 << 30), Time = os.time()})
    msg.reply({Data = tostring(Balances[msg.To])})
  end)
  Handlers.add("ask", "Ask", function(msg)
    local answer = Send({Target = msg.To}).receive()
    print(answer.Data)
  end)`;

/** Messages of many kinds, failing ones among them; returns every result and the memory at the end. */
async function play(process: TestProcess): Promise<unknown[]> {
  const results: unknown[] = [await process.spawn()];
  results.push(await process.eval(PROGRAM));
  for (let i = 0; i < 40; i++) {
    const to = `${i % 7}`.repeat(43);
    results.push(
      await process.from(OTHER, { Action: 'Transfer', To: to, Quantity: `${i}`, Reference: `${i}` }),
    );
    if (i % 9 === 0) results.push(await process.from(OTHER, { Action: 'Ask', To: to, 'x-some_tag': '1' }));
    if (i % 10 === 0)
      results.push(
        await process.eval('local t = {} for i = 1, 1000 do t[i] = {i, tostring(i)} end return #t'),
      );
    if (i % 11 === 0)
      results.push(await process.evaluate({ Tags: tags({ Action: 'Eval' }), Data: 'error({1, 2})' }));
  }
  results.push(
    await process.eval('local keys = {} for key in pairs(Balances) do keys[#keys + 1] = key end return keys'),
  );
  results.push(await process.memory());
  return results;
}

it.each(loaders)('gives the same results and the same memory again on $name', async (loader) => {
  await using first = await TestProcess.load(loader, await libraryModule(loader.target));
  await using second = await TestProcess.load(loader, await libraryModule(loader.target));
  expect(await play(second)).toEqual(await play(first));
});

it.each(targets)('gives the same results and the same memory on both loaders (%i bits)', async (target) => {
  const both = loaders.filter((loader) => loader.target === target);
  const [network, own] = await Promise.all(
    both.map(async (loader) => {
      await using process = await TestProcess.load(loader, await libraryModule(loader.target));
      return await play(process);
    }),
  );
  expect(own).toEqual(network);
});

it.each(targets)('goes on in another instance that has its memory (%i bits)', async (target) => {
  const compiled = await compileModule(await libraryModule(target), { format: moduleFormats[target] });
  const environment = JSON.stringify({ Process: { Id: 'process', Owner: 'owner', Tags: [] } });
  const message = (data: string) =>
    JSON.stringify({
      From: 'owner',
      Owner: 'owner',
      Target: 'process',
      Tags: tags({ Action: 'Eval' }),
      Data: data,
    });
  const first = instantiate(compiled);
  first.handle(message('Counter = 41 Handlers.add("x", "X", print) State = ("x"):rep(5000000)'), environment);
  const second = instantiate(compiled);
  second.restore(first.snapshot());
  const next = message('Counter = Counter + 1 return Counter .. #State .. math.random(1000)');
  expect(second.handle(next, environment)).toBe(first.handle(next, environment));
  expect(Buffer.compare(new Uint8Array(second.memory.buffer), new Uint8Array(first.memory.buffer))).toBe(0);
});
