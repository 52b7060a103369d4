import { Network, tagValue } from '@ao-ts/network';
import { afterAll, beforeAll, expect, test } from 'vitest';

const network = await Network.forTests(afterAll);
const { client } = network;
let room: string;

beforeAll(async () => {
  room = await client.spawnFile(new URL('chatroom.lua', import.meta.url));
});

test('everybody hears what a member says, in the order it was said', async () => {
  const file = new URL('member.lua', import.meta.url);
  const [ada, bob] = [await client.spawnFile(file), await client.spawnFile(file)];
  await client.eval(ada, `join("${room}", "Ada")`);
  await client.eval(bob, `join("${room}", "Bob")`);
  await network.settle();
  await client.eval(ada, 'say("hello") say("anybody here?")');
  await network.settle();
  for (const member of [ada, bob]) {
    expect(await client.value(member, 'table.concat(Heard, "|")')).toBe('Ada: hello|Ada: anybody here?');
  }

  const { Messages } = await client.dryRun(room, { Action: 'Members' });
  expect(Messages[0]?.Data).toBe('Ada\nBob');
});

test('who is not a member is not passed on', async () => {
  const stranger = network.newClient();
  const { Messages } = await stranger.send(room, { Action: 'Broadcast' }, 'psst');
  expect(Messages).toHaveLength(1);
  expect(Messages[0]?.Target).toBe(stranger.address);
  expect(tagValue(Messages[0], 'Action')).toBe('Broadcast-Error');
});

test('who leaves hears no more', async () => {
  const guest = network.newClient();
  await guest.send(room, { Action: 'Register', Nickname: 'Guest' });
  await guest.send(room, { Action: 'Unregister' });
  const { Messages } = await guest.send(room, { Action: 'Unregister' });
  expect(tagValue(Messages[0], 'Action')).toBe('Unregister-Error');
});
