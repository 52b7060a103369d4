import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { OTHER, plain } from './test-process.ts';

onEachLoader('messages', (run) => {
  it('has its tags as keys in Title-Case, as a map and as a list', async () => {
    await run.process.run('Handlers.add("t", "Look", function(msg) Seen = msg end)');
    const sent = { aCTION: 'Look', my_own_key: 'v', 'X-Ok': 'a', 'x-OK': 'b', TokenId: 'c', 'v1.x': 'd' };
    await run.process.from(OTHER, sent);
    expect(
      await run.process.run('Seen["My-Own-Key"] .. Seen.Tags["My-Own-Key"] .. Seen.TagArray[2].name'),
    ).toBe('vvMy-Own-Key');
    expect(await run.process.run('Seen["X-Ok"] .. Seen.Tags["X-Ok"] .. Seen.Tokenid .. Seen["V1.x"]')).toBe(
      'bacd',
    );
    expect(await run.process.run('#Seen.TagArray')).toBe('6');
  });

  it('finds tags under the names that were sent, too', async () => {
    await run.process.run(`Handlers.add("t", {TokenId = "c"}, function(msg)
      print(msg.TokenId, msg.Tags.TokenId, tostring(msg.Nothing))
      msg.forward("next")
    end)`);
    const { Output, Messages } = await run.process.from(OTHER, { TokenId: 'c' });
    expect(Output.data).toBe('c\tc\tnil');
    expect(Messages[0]?.Tags.filter(({ name }) => name.toLowerCase() === 'tokenid')).toEqual([
      { name: 'Tokenid', value: 'c' },
    ]);
  });

  it('handles messages that lack everything a cron message lacks', async () => {
    await run.process.run('Handlers.add("c", "Cron", function(msg) print("tick", msg.Data) end)');
    const { ok, response } = await run.process.evaluate({
      Id: undefined,
      Data: undefined,
      Anchor: undefined,
      Epoch: undefined,
      Nonce: undefined,
      'Hash-Chain': undefined,
      Cron: true,
      Tags: [{ name: 'Action', value: 'Cron' }],
    });
    expect(ok).toBe(true);
    expect(plain((response as { Output: { data: string } }).Output.data)).toBe('tick\tnil');
  });
});
