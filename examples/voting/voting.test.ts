import { type Client, Network, tagValue } from '@ao-ts/network';
import { afterAll, beforeEach, expect, test } from 'vitest';

const network = await Network.forTests(afterAll);
const [ann, ben, cem] = [network.newClient(), network.newClient(), network.newClient()];
let voting: string;

beforeEach(async () => {
  voting = await network.client.spawnFile(new URL('voting.lua', import.meta.url));
});

const propose = (minutes: string) =>
  ann.send(voting, { Action: 'Propose', Minutes: minutes }, 'Cake on Fridays');
const vote = async (voter: Client, side: string, proposal = '1') => {
  const { Messages } = await voter.send(voting, { Action: 'Vote', Proposal: proposal, Side: side });
  return tagValue(Messages[0], 'Action');
};
const outcome = async () => {
  const { Messages } = await ann.dryRun(voting, { Action: 'Result', Proposal: '1' });
  return JSON.parse(Messages[0]?.Data ?? '');
};

test('one vote each, the last one counts', async () => {
  await propose('60');
  expect(await vote(ann, 'yes')).toBe('Voted');
  await vote(ben, 'no');
  await vote(cem, 'no');
  expect(await outcome()).toEqual({ yes: 1, no: 2, accepted: false });
  await vote(ben, 'yes');
  expect(await outcome()).toEqual({ yes: 2, no: 1, accepted: true });
});

test('after the deadline no vote is taken', async () => {
  await propose('60');
  expect(await vote(ben, 'yes')).toBe('Voted');
  network.advance(61 * 60_000);
  expect(await vote(ann, 'yes')).toBe('Vote-Error');
  expect(await outcome()).toEqual({ yes: 1, no: 0, accepted: true });
});

test('votes that are none are refused', async () => {
  await propose('60');
  expect(await vote(ann, 'maybe')).toBe('Vote-Error');
  expect(await vote(ann, 'yes', '2')).toBe('Vote-Error');
  expect(await vote(ann, 'yes', 'x')).toBe('Vote-Error');
  expect(tagValue((await propose('soon')).Messages[0], 'Action')).toBe('Propose-Error');
});
