import { afterAll, beforeAll, expect, test } from 'vitest';
import { OneMachine } from './one-machine.ts';

const COUNTER = `
Count = 0
Handlers.add("count", { Action = "Count" }, function(msg)
  Count = Count + 1
  msg.reply({ Action = "Counted", Data = tostring(Count) })
end)`;

let machine: OneMachine;
beforeAll(async () => {
  machine = await OneMachine.start();
});
afterAll(() => machine?.[Symbol.asyncDispose]());

test('every unit is killed while messages are on their way, and all of it is found again', async () => {
  const { client, all: units } = machine;
  const counter = await client.spawn(COUNTER);
  const asker = await client.spawn();
  await client.eval(
    asker,
    'Answers = {}; Handlers.add("c", { Action = "Counted" }, function(m) table.insert(Answers, m.Data) end)',
  );
  const before = await client.message(counter, { Action: 'Count' });
  const known = await client.result(counter, before);
  const last = await client.eval(
    asker,
    `for i = 1, 20 do Send({ Target = "${counter}", Action = "Count" }) end return "sent"`,
  );
  expect(last.Messages).toHaveLength(20);

  await Promise.all(units.map((unit) => unit.end('SIGKILL')));
  for (const unit of units) await unit.start();

  expect(await client.result(counter, before)).toEqual(known);
  await expect
    .poll(() => client.value(asker, 'return #Answers'), { timeout: 60_000, interval: 100 })
    .toContain('20');
  expect(await client.value(counter, 'return Count')).toContain('21');
  expect(await client.value(asker, 'return table.concat(Answers, ",")')).toContain(
    Array.from({ length: 20 }, (_, i) => i + 2).join(','),
  );
});

test('SIGTERM ends every unit with status 0, and a start after it goes on', async () => {
  const { client, all: units } = machine;
  const counter = await client.spawn(COUNTER);
  await client.send(counter, { Action: 'Count' });
  const codes = await Promise.all([...units].reverse().map((unit) => unit.end('SIGTERM')));
  expect(codes).toEqual([0, 0, 0, 0]);
  for (const unit of units) await unit.start();
  expect((await client.dryRun(counter, { Action: 'Count' })).Messages[0]?.Data).toBe('2');
});
