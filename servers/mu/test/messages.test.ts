import { describe, expect, test } from 'vitest';
import { FakeNetwork, type FakeResult, id, send } from './fake-network.ts';
import { mu, network, restart, signer, useUnit } from './unit.ts';

useUnit();

const names = (tags: readonly { name: string }[]) => tags.map((tag) => tag.name);

describe('messages', () => {
  test('are acknowledged with their own id once the scheduler has them', async () => {
    const process = network.addProcess();
    const item = await network.message(process);
    const { status, body } = await mu.post(item);
    expect([status, body]).toEqual([202, { message: 'Processing DataItem', id: item.id }]);
    expect(network.items(process).map((each) => each.id)).toEqual([item.id]);
    const [write] = network.su.requests.filter(({ method }) => method === 'POST');
    expect(write?.body).toEqual(Buffer.from(item.raw));
    expect(write?.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      accept: 'application/json',
    });
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

  test('are read from a result that lacks other lists; what is no result at all is asked for again', async () => {
    const receiver = network.addProcess();
    const sender = network.addProcess();
    const answers = [{}, { status: 'starting' }, { Messages: [send(receiver)] }];
    network.cu.fault = ({ url }) =>
      url.searchParams.get('process-id') === sender ? { status: 200, body: answers.shift() } : undefined;
    await mu.post(await network.message(sender));
    expect(await mu.settled()).toMatchObject({ dead: 0 });
    expect(answers).toEqual([]);
    expect(network.items(receiver)).toHaveLength(1);
  });

  test('leave before spawns, and those before assignments', async () => {
    const receiver = network.addProcess();
    const sender = network.addProcess(({ item }) =>
      item?.tag('Action') === 'Spawned'
        ? {}
        : {
            Assignments: [{ Processes: [receiver], Message: network.module }],
            Spawns: [{ Tags: [{ name: 'Module', value: network.module }] }],
            Messages: [send(receiver)],
          },
    );
    const root = await network.message(sender);
    await mu.post(root);
    await mu.settled();
    const children = (await mu.tree(root.id)).filter(({ depth }) => depth === 1);
    expect(children.map(({ kind }) => kind)).toEqual(['message', 'process', 'assignment']);
  });

  test('to a wallet go to the uploader once, and to no scheduler', async () => {
    const wallet = id();
    const sender = network.addProcess(() => ({ Messages: [send(wallet)] }));
    await mu.post(await network.message(sender));
    await mu.settled();
    expect(network.uploads.map((item) => item.targetId)).toEqual([wallet]);
    expect(network.schedule.has(wallet)).toBe(false);
    expect(network.uploader.requests.map(({ url }) => url.pathname)).toEqual(['/tx/arweave']);
    expect(network.uploader.requests[0]?.headers['content-type']).toBe('application/octet-stream');
  });

  test('find a process that only the scheduler of their sender knows', async () => {
    await using elsewhere = await new FakeNetwork().start();
    const env = { SU_URL: network.su.url, ALLOW_PRIVATE_ADDRESSES: 'true' };
    await restart({ env }, elsewhere);
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
    await mu.post(await network.message(sender, [{ name: 'Cast', value: 'True' }]));
    await mu.settled();
    expect(network.items(sender)).toHaveLength(2);
    expect(network.results.has(`${sender}/2`)).toBe(false);
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
});
