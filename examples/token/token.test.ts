import { type Client, Network, type Result, tagValue } from '@ao-ts/network';
import { afterAll, beforeEach, expect, test } from 'vitest';

const SUPPLY = '10000000000000000';

const network = await Network.forTests(afterAll);
const owner = network.client;
const [alice, bob] = [network.newClient(), network.newClient()];
let token: string;

beforeEach(async () => {
  token = await owner.spawnFile(new URL('token.lua', import.meta.url), { tags: { Name: 'Points' } });
});

const reply = ({ Messages }: Result, action: string) =>
  Messages.find((message) => tagValue(message, 'Action') === action);
const transfer = (from: Client, to: string, quantity: string, tags = {}) =>
  from.send(token, { Action: 'Transfer', Recipient: to, Quantity: quantity, ...tags });
const balance = async (of: Client) => (await of.dryRun(token, { Action: 'Balance' })).Messages[0]?.Data;
const balances = async () =>
  JSON.parse((await owner.dryRun(token, { Action: 'Balances' })).Messages[0]?.Data ?? '');
const supply = async () => (await owner.dryRun(token, { Action: 'Total-Supply' })).Messages[0]?.Data;

test('Info says what it is', async () => {
  const { Messages } = await alice.send(token, { Action: 'Info' });
  expect(Messages[0]?.Target).toBe(alice.address);
  for (const [name, value] of Object.entries({ Name: 'Points', Ticker: 'POINTS', Denomination: '12' }))
    expect(tagValue(Messages[0], name)).toBe(value);
});

test('Transfer moves tokens and tells both sides', async () => {
  const sent = await transfer(owner, alice.address, '250', { 'X-Order': '7' });
  const debit = reply(sent, 'Debit-Notice');
  const credit = reply(sent, 'Credit-Notice');
  expect(debit?.Target).toBe(owner.address);
  expect(tagValue(debit, 'Recipient')).toBe(alice.address);
  expect(credit?.Target).toBe(alice.address);
  expect(tagValue(credit, 'Sender')).toBe(owner.address);
  for (const notice of [debit, credit]) {
    expect(tagValue(notice, 'Quantity')).toBe('250');
    expect(tagValue(notice, 'X-Order')).toBe('7');
  }
  expect(await balances()).toEqual({ [owner.address]: '9999999999999750', [alice.address]: '250' });
  expect(await supply()).toBe(SUPPLY);

  const cast = await transfer(alice, bob.address, '250', { Cast: 'true' });
  expect(cast.Messages).toEqual([]);
  expect(await balance(alice)).toBe('0');
  expect(await balance(bob)).toBe('250');
});

test('a transfer to oneself changes nothing', async () => {
  await transfer(owner, owner.address, '5');
  expect(await balances()).toEqual({ [owner.address]: SUPPLY });
});

test.each([
  ['more than there is', { Recipient: 'bob', Quantity: `${SUPPLY}0` }, 'Insufficient balance'],
  ['nothing', { Recipient: 'bob', Quantity: '0' }, 'more than zero'],
  ['a negative number', { Recipient: 'bob', Quantity: '-5' }, 'in digits'],
  ['a fraction', { Recipient: 'bob', Quantity: '1.5' }, 'in digits'],
  ['what would wrap around', { Recipient: 'bob', Quantity: '9'.repeat(90) }, 'too large'],
  ['no quantity', { Recipient: 'bob' }, 'Quantity must be'],
  ['no recipient', { Quantity: '5' }, 'Recipient is missing'],
])('Transfer refuses %s, and nothing changes', async (_name, tags: Record<string, string>, text) => {
  const refused = await owner.send(token, { Action: 'Transfer', ...tags });
  expect(tagValue(reply(refused, 'Transfer-Error'), 'Error')).toContain(text);
  expect(refused.Messages).toHaveLength(1);
  expect(await balances()).toEqual({ [owner.address]: SUPPLY });
});

test('Mint is for the owner, Burn for who has some', async () => {
  const huge = '123456789012345678901234567890';
  expect(reply(await alice.send(token, { Action: 'Mint', Quantity: '1' }), 'Mint-Error')).toBeDefined();
  await owner.send(token, { Action: 'Mint', Quantity: huge });
  expect(await balance(owner)).toBe('123456789012355678901234567890');
  await owner.send(token, { Action: 'Burn', Quantity: huge });
  expect(await supply()).toBe(SUPPLY);
  expect(reply(await alice.send(token, { Action: 'Burn', Quantity: '1' }), 'Burn-Error')).toBeDefined();
});
