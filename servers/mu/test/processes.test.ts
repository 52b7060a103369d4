import { arweaveSigner, tagValues } from '@ao-ts/core/ans104';
import { generateWallet } from '@ao-ts/server-kit';
import { describe, expect, test } from 'vitest';
import { FakeNetwork, send } from './fake-network.ts';
import { mu, network, restart, useUnit } from './unit.ts';

const signer = arweaveSigner(await generateWallet());
useUnit({ signer });

describe('processes', () => {
  test('of clients have the outbox of their boot sent, and are assigned to their target', async () => {
    const receiver = network.addProcess();
    network.spawned = () => ({ Messages: [send(receiver)] });
    const item = await network.process([], receiver);
    expect((await mu.post(item)).body.id).toBe(item.id);
    await mu.settled();
    const [child] = network.items(receiver);
    expect(child?.tag('From-Process')).toBe(item.id);
    expect(child?.tag('Pushed-For')).toBe(item.id);
    expect(network.schedule.get(receiver)?.map((slot) => slot.messageId)).toContain(item.id);
  });

  test('of an outbox are spawned, booted and announced to who spawned them', async () => {
    const receiver = network.addProcess();
    network.spawned = ({ nonce }) => (nonce === 0 ? { Messages: [send(receiver)] } : {});
    const tags = [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Process' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'From-Process', value: 'forged' },
      { name: 'Module', value: network.module },
      { name: 'From-Module', value: 'forged' },
      { name: 'Reference', value: '3' },
    ];
    let seen: { tag(name: string): string | undefined } | undefined;
    const spawner = network.addProcess(({ item }) => {
      if (item?.tag('Action') === 'Spawned') {
        seen = item;
        return { Messages: [send(receiver, { Action: 'After' })] };
      }
      return { Spawns: [{ Anchor: '3'.padStart(32, '0'), Tags: tags, Data: 'code' }] };
    });
    const root = await network.message(spawner);
    await mu.post(root);
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });

    const [child] = [...network.schedule.values()].flatMap((slots) =>
      slots[0]?.item?.tag('Type') === 'Process' ? [slots[0].item] : [],
    );
    expect(child?.tags).toEqual([
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Module', value: network.module },
      { name: 'From-Module', value: network.module },
      { name: 'Reference', value: '3' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Process' },
      { name: 'From-Process', value: spawner },
      { name: 'Pushed-For', value: root.id },
      { name: 'Scheduler', value: network.schedulerAddress },
    ]);
    expect(child?.anchor).toHaveLength(0);
    expect(seen).toMatchObject({
      tags: [
        { name: 'Module', value: network.module },
        { name: 'From-Module', value: network.module },
        { name: 'Reference', value: '3' },
        { name: 'Data-Protocol', value: 'ao' },
        { name: 'Type', value: 'Message' },
        { name: 'Process', value: child?.id },
        { name: 'Action', value: 'Spawned' },
        { name: 'Variant', value: 'ao.TN.1' },
        { name: 'From-Process', value: spawner },
        { name: 'Pushed-For', value: root.id },
      ],
    });
    expect(
      network
        .items(receiver)
        .map((item) => item.tag('From-Process'))
        .sort(),
    ).toEqual([spawner, child?.id].sort());
  });
});

test('a process spawned onto another scheduler is announced to its spawner at its own', async () => {
  await using elsewhere = await new FakeNetwork().start();
  await restart({ signer, env: { ALLOW_PRIVATE_ADDRESSES: 'true' } });
  network.locations.set(elsewhere.schedulerAddress, elsewhere.su.url);
  const announced: string[] = [];
  const spawner = network.addProcess(({ item }) => {
    if (item?.tag('Action') !== 'Spawned') {
      const tags = { Module: network.module, Scheduler: elsewhere.schedulerAddress };
      return {
        Spawns: [{ Anchor: '', Tags: Object.entries(tags).map(([name, value]) => ({ name, value })) }],
      };
    }
    announced.push(item.tag('Process') ?? '');
    return {};
  });
  network.cu.fault = ({ url }) =>
    elsewhere.schedule.has(url.searchParams.get('process-id') ?? '')
      ? { status: 307, headers: { location: `${elsewhere.cu.url}${url.pathname}${url.search}` } }
      : undefined;
  await mu.post(await network.message(spawner));
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
  expect(announced).toHaveLength(1);
  const [born] = elsewhere.schedule.get(announced[0] ?? '') ?? [];
  expect(born?.item?.tag('From-Process')).toBe(spawner);
  expect(network.items(spawner)[1]?.tag('From-Process')).toBe(spawner);
});

test('a spawn with an action of its own is announced with both', async () => {
  const tags = { Module: network.module, Action: 'Make', 'Data-Protocol': 'ao' };
  const Tags = Object.entries(tags).map(([name, value]) => ({ name, value }));
  const spawner = network.addProcess(({ nonce }) => (nonce === 1 ? { Spawns: [{ Tags }] } : {}));
  await mu.post(await network.message(spawner));
  await mu.settled();
  const announced = network.items(spawner)[1];
  expect(tagValues(announced?.tags ?? [], 'Action')).toEqual(['Make', 'Spawned']);
  expect(tagValues(announced?.tags ?? [], 'Data-Protocol')).toEqual(['ao']);
});
