import { expect, test } from 'vitest';
import { id, send } from './fake-network.ts';
import { mu, network, useUnit } from './unit.ts';

useUnit();

test('a bad entry of an outbox costs only itself, visibly, whatever it is', async () => {
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({
    Messages: [
      { Target: receiver, Tags: [{ name: 'Count', value: 7 }] },
      { ...send(receiver), Data: { a: 1 } },
      { ...send(receiver), Anchor: 'short' },
      send('a'.repeat(100_000)),
      null,
      send(receiver, { Reference: '6' }),
    ],
    Spawns: [{ Tags: 'none' }, { Tags: [{ name: 'Name', value: 'without a module' }] }],
    Assignments: [
      { Processes: receiver, Message: id() },
      { Processes: [receiver, 'not-an-id'], Message: id() },
      7,
    ],
  }));
  await mu.post(await network.message(sender));
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 10 });
  expect(network.items(receiver).map((item) => item.tag('Reference'))).toEqual(['6']);
  const { nodes } = await mu.get<{ nodes: { error: string }[] }>(`/outbox/${sender}`);
  expect(nodes).toHaveLength(10);
  expect(nodes[0]?.error).toContain('Tags.0.value');
  expect(nodes[3]?.error).toContain('Target');
});

test('what is wrong in thousands of places is told for the first ones; of Assignments that are no ids it is said which', async () => {
  const receiver = network.addProcess();
  const assigning = (value: unknown) => ({ ...send(receiver), Tags: [{ name: 'Assignments', value }] });
  const sender = network.addProcess(() => ({
    Messages: [
      { Target: receiver, Tags: Array.from({ length: 20_000 }, () => 7) },
      assigning({ toString: 1 }),
      assigning([receiver, 1]),
      7,
    ],
  }));
  await mu.post(await network.message(sender));
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 4 });
  const { nodes } = await mu.get<{ nodes: { error: string }[] }>(`/outbox/${sender}`);
  expect(nodes.map(({ error }) => error)).toEqual([
    expect.stringMatching(/Tags.0: .*Tags.4: [^;]*; and 19995 more of this kind$/),
    expect.stringContaining('Assignments.0: '),
    expect.stringContaining('Assignments.1: '),
    'This entry can not be sent: it: Invalid input: expected object, received number',
  ]);
});

test('one with more tags than ANS-104 allows, those of the messenger included, says so; 128 are delivered', async () => {
  const receiver = network.addProcess();
  // Of its own a message has three, of which one stays; the messenger adds five.
  const withTags = (count: number) =>
    send(receiver, Object.fromEntries(Array.from({ length: count }, (_, n) => [`N${n}`, 'v'])));
  const sender = network.addProcess(() => ({
    Messages: [
      withTags(123),
      withTags(122),
      send(receiver, { Big: 'v'.repeat(3000), Bigger: 'v'.repeat(3000) }),
    ],
    Spawns: [{ Tags: withTags(200).Tags }],
  }));
  await mu.post(await network.message(sender));
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 3 });
  expect(network.items(receiver).map(({ tags }) => tags.length)).toEqual([128]);
  const { nodes } = await mu.get<{ nodes: { error: string }[] }>(`/outbox/${sender}`);
  expect(nodes.map(({ error }) => error)).toEqual([
    'The item has 129 tags; 128 are allowed.',
    expect.stringContaining('4096 are allowed'),
    expect.stringContaining('128 are allowed'),
  ]);
});
