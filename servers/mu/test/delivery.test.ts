import { arweaveSigner } from '@ao-ts/core/ans104';
import { generateWallet } from '@ao-ts/server-kit';
import { describe, expect, test } from 'vitest';
import { FakeNetwork, type FakeResult, id, send } from './fake-network.ts';
import { mu, network, restart, useUnit } from './unit.ts';

const signer = arweaveSigner(await generateWallet());
useUnit({ signer });

const names = (tags: readonly { name: string }[]) => tags.map((tag) => tag.name);

describe('messages', () => {
  test('are acknowledged with their own id once the scheduler has them', async () => {
    const process = network.addProcess();
    const item = await network.message(process);
    const { status, body } = await mu.post(item);
    expect([status, body]).toEqual([202, { message: 'Processing DataItem', id: item.id }]);
    expect(network.items(process).map((each) => each.id)).toEqual([item.id]);
  });

  test('of an outbox carry the tags of the messenger, in order, byte for byte otherwise', async () => {
    const receiver = network.addProcess();
    const entry = send(
      receiver,
      { Reference: '7', 'From-Process': 'forged', 'Pushed-For': 'forged', Action: 'Hi' },
      'dàta',
    );
    const sender = network.addProcess(() => ({ Messages: [entry] }));
    const root = await network.message(sender);
    await mu.post(root);
    await mu.settled();
    const [child] = network.items(receiver);
    expect(child?.tags).toEqual([
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Reference', value: '7' },
      { name: 'Action', value: 'Hi' },
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Message' },
      { name: 'From-Process', value: sender },
      { name: 'From-Module', value: network.module },
      { name: 'Pushed-For', value: root.id },
    ]);
    expect(Buffer.from(child?.data ?? []).toString()).toBe('dàta');
    expect(Buffer.from(child?.anchor ?? []).toString()).toBe('7'.padStart(32, '0'));
    expect(child?.ownerAddress).toBe(signer.address);
  });

  test('without data, variant or anchor get a space, ao.TN.1 and an anchor of their own', async () => {
    const receiver = network.addProcess();
    const bare = { Target: receiver, Tags: [{ name: 'Empty', value: '' }] };
    const sender = network.addProcess(() => ({ Messages: [bare, bare] }));
    await mu.post(await network.message(sender));
    await mu.settled();
    const children = network.items(receiver);
    expect(children.map((child) => Buffer.from(child.data).toString())).toEqual([' ', ' ']);
    expect(children.map((child) => child.tag('Variant'))).toEqual(['ao.TN.1', 'ao.TN.1']);
    expect(new Set(children.map((child) => Buffer.from(child.anchor).toString())).size).toBe(2);
    expect(names(children[0]?.tags ?? [])).not.toContain('Empty');
  });

  test('next to an Error are sent all the same', async () => {
    const receiver = network.addProcess();
    const sender = network.addProcess(() => ({ Messages: [send(receiver)], Error: 'late' }));
    await mu.post(await network.message(sender));
    await mu.settled();
    expect(network.items(receiver)).toHaveLength(1);
  });

  test('are read from a result whose other fields are not what they should be, wherever the unit sends us', async () => {
    const receiver = network.addProcess();
    const odd = { Messages: [{ ...send(receiver), Unknown: 1 }], GasUsed: 'much', Extra: {} } as FakeResult;
    const sender = network.addProcess(() => odd);
    network.cu.fault = ({ url }) =>
      url.searchParams.has('there')
        ? undefined
        : { status: 307, headers: { location: `${network.cu.url}${url.pathname}${url.search}&there` } };
    await mu.post(await network.message(sender));
    expect(await mu.settled()).toMatchObject({ dead: 0 });
    expect(network.items(receiver)).toHaveLength(1);
    expect(network.cu.requests[0]?.url.searchParams.get('no-busy')).toBe('1');
  });

  test('to a wallet go to the uploader once, and to no scheduler', async () => {
    const wallet = id();
    const sender = network.addProcess(() => ({ Messages: [send(wallet)] }));
    await mu.post(await network.message(sender));
    await mu.settled();
    expect(network.uploads.map((item) => item.targetId)).toEqual([wallet]);
    expect(network.schedule.has(wallet)).toBe(false);
  });

  test('find a process that only the scheduler of their sender knows', async () => {
    await using elsewhere = await new FakeNetwork().start();
    const env = { SU_URL: network.su.url, ALLOW_PRIVATE_ADDRESSES: 'true' };
    await restart({ signer, env }, elsewhere);
    const receiver = elsewhere.addProcess();
    elsewhere.spawned = () => ({ Messages: [send(receiver)] });
    expect((await mu.post(await elsewhere.process())).status).toBe(202);
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    expect(elsewhere.items(receiver)).toHaveLength(1);
    expect(elsewhere.uploads).toEqual([]);
  });

  test('with Cast are scheduled and nobody asks for their result', async () => {
    const receiver = network.addProcess(() => ({ Messages: [send(id())] }));
    const sender = network.addProcess(() => ({ Messages: [send(receiver, { Cast: 'True' })] }));
    await mu.post(await network.message(sender));
    await mu.settled();
    expect(network.items(receiver)).toHaveLength(1);
    expect(network.results.has(`${receiver}/1`)).toBe(false);
  });

  test('that ask for Assignments are assigned once they are scheduled', async () => {
    const [receiver, other, third] = [network.addProcess(), network.addProcess(), network.addProcess()];
    const listed = { ...send(receiver), Tags: [{ name: 'Assignments', value: [other, third] }] };
    const sender = network.addProcess(() => ({
      Messages: [listed, send(receiver, { Assignments: `${other}` })],
    }));
    await mu.post(await network.message(sender));
    await mu.settled();
    const ids = network.items(receiver).map((item) => item.id);
    expect(
      network.schedule
        .get(other)
        ?.slice(1)
        .map((slot) => slot.messageId),
    ).toEqual(ids);
    expect(
      network.schedule
        .get(third)
        ?.slice(1)
        .map((slot) => slot.messageId),
    ).toEqual([ids[0]]);
    expect(network.items(receiver).flatMap((item) => names(item.tags))).not.toContain('Assignments');
  });

  test('of one process arrive at one target in the order they were sent', async () => {
    const receiver = network.addProcess();
    const outbox = Array.from({ length: 50 }, (_, n) => send(receiver, { Reference: String(n) }));
    const sender = network.addProcess(() => ({ Messages: outbox }));
    await mu.post(await network.message(sender));
    await mu.settled();
    const order = network.items(receiver).map((item) => Number(item.tag('Reference')));
    expect(order).toEqual(outbox.map((_, n) => n));
  });

  test('of one process arrive at one target in the order of its evaluations, whichever result comes first', async () => {
    const receiver = network.addProcess();
    const sender = network.addProcess(({ nonce }) => ({
      Messages: [send(receiver, { Reference: String(nonce) })],
    }));
    const first = await network.message(sender);
    const second = await network.message(sender);
    const secondAsked = Promise.withResolvers<void>();
    network.cu.fault = async ({ url }) => {
      if (url.pathname.includes(second.id)) secondAsked.resolve();
      if (!url.pathname.includes(first.id)) return undefined;
      await secondAsked.promise;
      // Time enough for the result of the second to be handled.
      for (let i = 0; i < 20; i++) await mu.get(`/messages/${second.id}`);
      return undefined;
    };
    await mu.post(first);
    await mu.post(second);
    await mu.settled();
    expect(network.items(receiver).map((item) => item.tag('Reference'))).toEqual(['1', '2']);
  });

  test('posted twice are scheduled once and answered alike', async () => {
    const receiver = network.addProcess();
    const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
    const item = await network.message(sender);
    const [first, second] = await Promise.all([mu.post(item), mu.post(item)]);
    const third = await mu.post(item);
    expect([second, third]).toEqual([first, first]);
    await mu.settled();
    expect(network.items(sender)).toHaveLength(1);
    expect(network.items(receiver)).toHaveLength(1);
  });

  test('that a scheduler got from elsewhere have their outbox sent too', async () => {
    const receiver = network.addProcess();
    const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
    const item = await network.message(sender);
    await fetch(network.su.url, { method: 'POST', body: Buffer.from(item.raw) });
    expect((await mu.post(item)).status).toBe(202);
    await mu.settled();
    expect(network.items(receiver)).toHaveLength(1);
  });
});

describe('a bad entry of an outbox costs only itself, visibly', () => {
  test('whatever it is', async () => {
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
      Spawns: [{ Tags: 'none' }],
      Assignments: [
        { Processes: receiver, Message: id() },
        { Processes: [receiver, 'not-an-id'], Message: id() },
        7,
      ],
    }));
    await mu.post(await network.message(sender));
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 9 });
    expect(network.items(receiver).map((item) => item.tag('Reference'))).toEqual(['6']);
    const { nodes } = await mu.get<{ nodes: { error: string }[] }>(`/outbox/${sender}`);
    expect(nodes).toHaveLength(9);
    expect(nodes[0]?.error).toContain('Tags.0.value');
    expect(nodes[3]?.error).toContain('Target');
  });
});

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
});

describe('assignments', () => {
  test('of clients are passed on with base-layer and exclude, and their outbox is sent', async () => {
    const receiver = network.addProcess();
    const process = network.addProcess(() => ({ Messages: [send(receiver)] }));
    const transaction = id();
    const path = `/?process-id=${process}&assign=${transaction}&base-layer&exclude=Data,Tags`;
    const { status, body } = await mu.post(new Uint8Array(0), path);
    const slot = network.schedule.get(process)?.at(-1);
    expect([status, body]).toEqual([202, { message: 'Processing Assignment', id: slot?.assignmentId }]);
    expect(slot).toMatchObject({ messageId: transaction, baseLayer: true, exclude: 'Data,Tags' });
    await mu.settled();
    expect(network.items(receiver)[0]?.tag('Pushed-For')).toBe(slot?.assignmentId);
  });

  test('of an outbox go to each process, with BaseLayer and Exclude', async () => {
    const [first, second] = [network.addProcess(), network.addProcess()];
    const transaction = id();
    const assignment = {
      Processes: [first, second],
      Message: transaction,
      BaseLayer: true,
      Exclude: ['Data'],
    };
    const last = network.addProcess();
    for (const process of [first, second])
      network.behaviours.set(process, () => ({ Messages: [send(last)] }));
    const sender = network.addProcess(() => ({ Assignments: [assignment] }));
    const root = await network.message(sender);
    await mu.post(root);
    await mu.settled();
    expect(network.items(last).map((item) => item.tag('Pushed-For'))).toEqual([root.id, root.id]);
    for (const process of [first, second]) {
      expect(network.schedule.get(process)?.[1]).toMatchObject({
        messageId: transaction,
        baseLayer: true,
        exclude: 'Data',
      });
    }
  });
});
