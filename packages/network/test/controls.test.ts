import { afterAll, describe, expect, test } from 'vitest';
import { Network, tagValue } from '../src/index.ts';

const network = await Network.forTests(afterAll);
const { client } = network;

const LISTENER = `Heard = {} Handlers.add("say", "Say", function(msg) table.insert(Heard, msg.Data) end)`;
const heard = (process: string) => client.value(process, 'table.concat(Heard, ",")');
const say = (target: string, ...texts: string[]) =>
  texts.map((text) => `Send({ Target = "${target}", Action = "Say", Data = "${text}" })`).join(' ');

describe('messages on their way', () => {
  test('wait while they are held, and arrive in the order in which they are released', async () => {
    const [speaker, listener] = [await client.spawn(), await client.spawn(LISTENER)];
    const hold = network.hold();
    const message = await client.message(speaker, { Action: 'Eval' }, say(listener, 'one', 'two', 'three'));
    await client.result(speaker, message);
    await network.settle();
    expect(await heard(listener)).toBe('');
    expect(hold.messages.map(({ data }) => data)).toEqual(['one', 'two', 'three']);
    expect(hold.messages[0]).toMatchObject({ kind: 'message', from: speaker, target: listener });
    expect(tagValue({ Tags: hold.messages[0]?.tags ?? [] }, 'Action')).toBe('Say');

    await hold.messages[2]?.release();
    expect(await heard(listener)).toBe('three');
    await hold.messages[0]?.release();
    // The second one is lost, and the trace of what caused it says so.
    expect(await heard(listener)).toBe('three,one');
    const tree = await client.tree(message);
    expect(tree?.map(({ state }) => state)).toEqual(['done', 'done', 'dead', 'done']);
    expect(tree?.[2]?.error).toContain('Held back');
    hold.end();
    await client.eval(speaker, say(listener, 'four'));
    await network.settle();
    expect(await heard(listener)).toBe('three,one,four');
  });

  test('are held by what they are; all others go on', async () => {
    const [speaker, lost, found] = [
      await client.spawn(),
      await client.spawn(LISTENER),
      await client.spawn(LISTENER),
    ];
    const hold = network.hold(({ target }) => target === lost);
    await client.eval(speaker, say(lost, 'a') + say(found, 'b'));
    await network.settle();
    expect([await heard(lost), await heard(found)]).toEqual(['', 'b']);
    hold.end();
  });

  test('can be replies that never come', async () => {
    const pong = await client.spawn(
      'Handlers.add("p", "Ping", function(msg) msg.reply({ Data = "pong" }) end)',
    );
    const asker = await client.spawn();
    const hold = network.hold(({ from }) => from === pong);
    await client.eval(asker, `Answer = Send({ Target = "${pong}", Action = "Ping" }).receive().Data`);
    await network.settle();
    expect(await client.value(asker, 'tostring(Answer)')).toBe('nil');
    await hold.messages[0]?.release();
    expect(await client.value(asker, 'tostring(Answer)')).toBe('pong');
    hold.end();
  });

  test('can be spawns', async () => {
    const parent = await client.spawn();
    const hold = network.hold(({ kind }) => kind === 'process');
    await client.eval(parent, 'Child = Spawn({ Data = "X = 1" }).receive().Tags.Process');
    await network.settle();
    expect(await client.value(parent, 'tostring(Child)')).toBe('nil');
    await hold.messages[0]?.release();
    expect(await client.value(parent, 'Child')).toMatch(/^[\w-]{43}$/);
    hold.end();
  });
});

describe('the clock', () => {
  const TICKER = `Ticks = 0
    Handlers.add("tick", function(msg) return msg.Cron end, function(msg)
      Ticks = Ticks + 1
      Send({ Target = Owner, Action = "Ticked", Data = tostring(msg.Timestamp) })
    end)`;
  const HOUR = 3_600_000;

  test('moves on for messages', async () => {
    const process = await client.spawn();
    const before = Number(await client.value(process, 'os.time()'));
    network.advance(24 * HOUR);
    const after = Number(await client.value(process, 'os.time()'));
    expect(after - before).toBeGreaterThanOrEqual(24 * HOUR);
    expect(after - before).toBeLessThan(25 * HOUR);
  });

  test('makes crons due', async () => {
    const ticker = await client.spawn(TICKER, {
      tags: { 'Cron-Interval': '1-hour', 'Cron-Tag-Action': 'T' },
    });
    expect(await client.value(ticker, 'Ticks')).toBe('0');
    network.advance(3 * HOUR);
    expect(await client.value(ticker, 'Ticks')).toBe('3');
  });

  test('makes what monitored crons send go out, unless it is held', async () => {
    const ticker = await client.spawn(TICKER, {
      tags: { 'Cron-Interval': '1-hour', 'Cron-Tag-Action': 'T' },
    });
    await client.monitor(ticker);
    const hold = network.hold(({ from }) => from === ticker);
    network.advance(2 * HOUR);
    await expect.poll(() => hold.messages.length, { timeout: 20_000 }).toBe(2);
    hold.end();
    await client.unmonitor(ticker);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('does not move by %s', (ms) => {
    expect(() => network.advance(ms)).toThrow('whole milliseconds');
  });
});
