import { Network, tagValue } from '@ao-ts/network';
import { afterAll, expect, test } from 'vitest';

const network = await Network.forTests(afterAll);

test('who forged a quest concludes it, and nobody else', async () => {
  const board = await network.client.spawnFile(new URL('quest.lua', import.meta.url));
  const [knight, thief] = [network.newClient(), network.newClient()];
  const list = async (status: string) => {
    const { Messages } = await thief.dryRun(board, { Action: 'List', Status: status });
    return JSON.parse(Messages[0]?.Data ?? '');
  };
  const conclude = (who: typeof knight, quest: string) =>
    who.send(board, { Action: 'Conclude', Quest: quest });

  expect(await list('open')).toEqual([]);
  const forged = await knight.send(
    board,
    { Action: 'Forge', Title: 'Find the grail' },
    'Somewhere in the east',
  );
  const quest = tagValue(forged.Messages[0], 'Quest') ?? '';
  expect(await list('open')).toEqual([
    {
      id: quest,
      title: 'Find the grail',
      description: 'Somewhere in the east',
      by: knight.address,
      status: 'open',
    },
  ]);

  const stolen = await conclude(thief, quest);
  expect(tagValue(stolen.Messages[0], 'Action')).toBe('Conclude-Error');
  const unknown = await conclude(knight, 'nothing');
  expect(unknown.Messages[0]?.Data).toBe('There is no such Quest');

  await conclude(knight, quest);
  expect(await list('open')).toEqual([]);
  expect(await list('concluded')).toHaveLength(1);
});
