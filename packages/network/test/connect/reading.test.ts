import { afterAll, describe, expect, test } from 'vitest';
import { action, connected, type Legacy, NOWHERE } from './connected.ts';

/** The functions of the published client library that read: results, dry-runs, the schedule. */

const { network, ao, address, spawn, send } = await connected(afterAll);

describe('result, results and dryrun', () => {
  test('an Error is part of a result; a refusal is an object with a reason, whatever its status', async () => {
    const process = await spawn();
    const failed = await ao.result({ process, message: await send(process, action('Fail')) });
    expect(failed.Error).toContain('on purpose');
    const refusal = { error: expect.stringContaining(NOWHERE), code: expect.any(String) };
    expect(await ao.result({ process: NOWHERE, message: NOWHERE })).toMatchObject(refusal);
    expect(await ao.result({ process, message: NOWHERE })).toMatchObject(refusal);
    expect(await ao.dryrun({ process: NOWHERE })).toMatchObject(refusal);
  });

  test('results go up and down between cursors, a page at a time', async () => {
    const process = await spawn();
    for (let i = 0; i < 4; i++) await send(process, action('Add'));
    await ao.result({ process, message: await send(process, action('Add')) });
    const counts = ({ edges }: Awaited<ReturnType<Legacy['results']>>) =>
      edges.map(({ node }) => node.Messages[0]?.Data);
    const all = await ao.results({ process });
    expect(counts(all)).toEqual([undefined, '1', '2', '3', '4', '5']);
    expect(Object.keys(all.edges[1]?.node ?? {}).sort()).toEqual(['Messages', 'Output', 'Spawns']);
    const [, from, , to] = all.edges.map(({ cursor }) => cursor);
    expect(counts(await ao.results({ process, from, to }))).toEqual(['2', '3']);
    expect(counts(await ao.results({ process, from, limit: 1 }))).toEqual(['2']);
    // As the aos console begins to follow a process, and goes on.
    const newest = await ao.results({ process, sort: 'DESC', limit: 5 });
    expect(counts(newest)).toEqual(['5', '4', '3', '2', '1']);
    const last = newest.edges[0]?.cursor ?? '';
    expect(JSON.parse(atob(last))).toMatchObject({ ordinate: '5' });
    await ao.result({ process, message: await send(process, action('Add')) });
    expect(counts(await ao.results({ process, from: last, sort: 'ASC', limit: 1000 }))).toEqual(['6']);
  });

  test('a dry-run has what it is given, and its own words for the rest', async () => {
    const process = await spawn();
    const show = async (more: object) =>
      JSON.parse((await ao.dryrun({ process, tags: action('Show'), ...more })).Output.data);
    expect(await show({})).toMatchObject({
      Id: '1234',
      Owner: '1234',
      From: '1234',
      Data: '1234',
      Anchor: '0',
    });
    const own = { Id: 'mine', Owner: address, anchor: 'held', data: 'asked' };
    expect(await show(own)).toMatchObject({ Id: 'mine', From: address, Anchor: 'held', Data: 'asked' });
    const failed = await ao.dryrun({ process, tags: action('Fail') });
    expect(failed.Error).toContain('on purpose');
  });
});

test('the schedule: messages in a range, one by its id, the newest slot', async () => {
  const process = await spawn();
  const message = await send(process, action('Add'));
  const { edges } = await ao.getMessages({ processId: process, from: '0', to: String(Date.now() + 60_000) });
  expect(edges.map(({ node }) => node.message?.id)).toEqual([message]);
  const limited = { processId: process, from: '0', to: String(Date.now() + 60_000), limit: '1' };
  expect((await ao.getMessages(limited)).edges).toHaveLength(1);
  const one = await ao.getMessageById({ processId: process, messageId: message });
  expect(one.message?.id).toBe(message);
  expect(await ao.getLastSlot({ processId: process })).toBe('1');
  network.advance(60_000);
  expect(await ao.getLastSlot({ processId: process, since: -3_600_000 })).toBeUndefined();
});
