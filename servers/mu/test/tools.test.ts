import { describe, expect, test } from 'vitest';
import { id, send } from './fake-network.ts';
import { mu, network, restart, useUnit } from './unit.ts';

useUnit();

const nothing = new Uint8Array(0);
const settled = { pending: 0, unsure: 0, dead: 0 };

describe('/dead', () => {
  test('takes up a delivery and a result where they failed', async () => {
    const receiver = network.addProcess(() => ({ Messages: [send(id(), { Action: 'Last' })] }));
    const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
    const refuse = { status: 400, body: { error: 'not today' } };
    network.su.fault = ({ method, body }) =>
      method === 'POST' && body.includes('From-Process') ? refuse : undefined;
    const root = await network.message(sender);
    await mu.post(root);
    expect(await mu.settled()).toMatchObject({ dead: 1 });
    const [, child] = await mu.tree(root.id);
    network.su.fault = () => undefined;
    network.cu.fault = () => refuse;
    expect((await mu.post(nothing, `/dead/${encodeURIComponent(child?.key ?? '')}/retry`)).status).toBe(202);
    expect(await mu.settled()).toMatchObject({ dead: 1 });
    expect(network.items(receiver)).toHaveLength(1);
    const dead = await mu.get('/dead');
    expect(dead).toMatchObject({
      nodes: [{ key: child?.key, state: 'dead', error: expect.stringContaining('not today') }],
      hasNextPage: false,
    });
    network.cu.fault = () => undefined;
    expect((await mu.post(nothing, `/dead/${child?.key}/retry`)).status).toBe(202);
    expect(await mu.settled()).toEqual(settled);
    expect(network.items(receiver)).toHaveLength(1);
    expect(network.uploads.map((item) => item.tag('Action'))).toEqual(['Last']);
    expect((await mu.tree(root.id)).map((node) => node.state)).toEqual(['done', 'done', 'done']);
  });

  test('knows only what is dead', async () => {
    expect((await mu.post(nothing, '/dead/nobody/retry')).status).toBe(404);
    expect((await mu.post(nothing, '/dead/nobody')).status).toBe(400);
  });
});

describe('POST /push/:id/:number', () => {
  /** A process with an outbox that was scheduled without this messenger. */
  async function elsewhere() {
    const [receiver, assignee] = [network.addProcess(), network.addProcess()];
    const sender = network.addProcess(({ item }) =>
      item?.tag('Action') === 'Spawned'
        ? {}
        : {
            Messages: [send(receiver, { Reference: '1' }), send(receiver, { Reference: '2' })],
            Spawns: [{ Tags: [{ name: 'Module', value: network.module }] }],
            Assignments: [{ Processes: [assignee, receiver], Message: network.module }],
          },
    );
    const item = await network.message(sender);
    await (await fetch(network.su.url, { method: 'POST', body: Buffer.from(item.raw) })).text();
    return { sender, receiver, assignee, item };
  }

  test('sends the entry once, however often it is asked', async () => {
    const { sender, receiver, item } = await elsewhere();
    for (let n = 0; n < 3; n++) {
      const answer = await mu.post(nothing, `/push/${item.id}/1?process-id=${sender}`);
      expect(answer).toMatchObject({
        status: 202,
        body: { message: 'Processing Message Result', id: item.id },
      });
    }
    expect(await mu.settled()).toEqual(settled);
    expect(network.items(receiver).map((each) => each.tag('Reference'))).toEqual(['2']);
    expect(network.items(receiver)[0]?.tag('Pushed-For')).toBe(item.id);
  });

  test('sends spawns and assignments too', async () => {
    const { sender, receiver, assignee, item } = await elsewhere();
    for (const kind of ['process', 'assignment', 'process', 'assignment']) {
      const path = `/push/${item.id}/0?process-id=${sender}&kind=${kind}`;
      expect((await mu.post(nothing, path)).status).toBe(202);
    }
    expect(await mu.settled()).toEqual(settled);
    for (const process of [assignee, receiver]) expect(network.schedule.get(process)).toHaveLength(2);
    expect(network.items(sender).map((each) => each.tag('Action'))).toEqual([undefined, 'Spawned']);
  });

  test('does not repeat what was sent in the ordinary way', async () => {
    const receiver = network.addProcess();
    const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
    const root = await network.message(sender);
    await mu.post(root);
    await mu.settled();
    expect((await mu.post(nothing, `/push/${root.id}/0?process-id=${sender}`)).status).toBe(202);
    await mu.settled();
    expect(network.items(receiver)).toHaveLength(1);
  });

  test('sends what a boot, and what something that was assigned, emitted', async () => {
    const receiver = network.addProcess();
    const process = network.addProcess(({ nonce }) => ({
      Messages: [send(receiver, { Reference: String(nonce) })],
    }));
    const assign = `${network.su.url}/?process-id=${process}&assign=${id()}`;
    await (await fetch(assign, { method: 'POST' })).text();
    const [, slot] = network.schedule.get(process) ?? [];
    for (const source of [process, slot?.assignmentId]) {
      expect((await mu.post(nothing, `/push/${source}/0?process-id=${process}`)).status).toBe(202);
    }
    expect(await mu.settled()).toEqual(settled);
    const references = network.items(receiver).map((item) => item.tag('Reference'));
    expect(references.sort()).toEqual(['0', '1']);
  });

  test('refuses what is not there', async () => {
    const { sender, item } = await elsewhere();
    const cases = [
      [`/push/${item.id}/2?process-id=${sender}`, 400, 'Message number does not exist in the result.'],
      [`/push/${item.id}/x?process-id=${sender}`, 400, "'number' parameter must be a valid number"],
      [`/push/${item.id}/0`, 400, expect.any(String)],
      [`/push/${id()}/0?process-id=${sender}`, 404, expect.any(String)],
      [`/push/${id()}/0?process-id=${id()}`, 404, expect.any(String)],
    ] as const;
    for (const [path, status, error] of cases) {
      expect(await mu.post(nothing, path)).toMatchObject({ status, body: { error } });
    }
    await restart({ env: { ENABLE_PUSH: 'false' } });
    const path = `/push/${item.id}/0?process-id=${sender}`;
    expect(await mu.post(nothing, path)).toMatchObject({ status: 403, body: { error: 'Push is disabled' } });
  });
});

describe('POST /audit/:processId', () => {
  test('names what a process emitted and no scheduler holds', async () => {
    const [receiver, assignee] = [network.addProcess(), network.addProcess()];
    const sender = network.addProcess(({ nonce }) => ({
      Messages: [send(receiver, { Reference: `${nonce}1` }), send(receiver, { Reference: `${nonce}2` })],
      Assignments: [{ Processes: [assignee], Message: network.module }],
    }));
    const [seen, unseen] = [await network.message(sender), await network.message(sender)];
    await mu.post(seen);
    await mu.settled();
    await (await fetch(network.su.url, { method: 'POST', body: Buffer.from(unseen.raw) })).text();
    const audit = async (from: number) => (await mu.post(nothing, `/audit/${sender}?from=${from}`)).body;
    const missing = ['message/0', 'message/1'].map((entry) => ({
      key: `${sender}/${unseen.id}/${entry}`,
      kind: 'message',
      target: receiver,
      source: unseen.id,
      reason: 'its scheduler does not have it',
    }));
    expect(await audit(1)).toEqual({ slots: 2, entries: 6, missing });
    expect(await audit(2)).toEqual({ slots: 1, entries: 3, missing });

    const [lost] = network.items(receiver);
    network.schedule.get(receiver)?.splice(1, 1);
    expect(await audit(1)).toEqual({
      slots: 2,
      entries: 6,
      missing: [{ ...missing[0], key: `${sender}/${seen.id}/message/0`, source: seen.id }, ...missing],
    });
    await (await fetch(network.su.url, { method: 'POST', body: Buffer.from(lost?.raw ?? []) })).text();

    for (const index of [0, 1]) await mu.post(nothing, `/push/${unseen.id}/${index}?process-id=${sender}`);
    await mu.settled();
    expect(await audit(1)).toEqual({ slots: 2, entries: 6, missing: [] });
  });
});

test('an audit finds processes that were spawned, and those that vanished', async () => {
  const sender = network.addProcess(({ item }) =>
    item?.tag('Action') === 'Spawned'
      ? {}
      : { Spawns: [{ Tags: [{ name: 'Module', value: network.module }] }] },
  );
  await mu.post(await network.message(sender));
  await mu.settled();
  const audit = async () => (await mu.post(nothing, `/audit/${sender}?from=1`)).body;
  expect(await audit()).toMatchObject({ entries: 1, missing: [] });
  const [born = ''] = network
    .items(sender)
    .map((item) => item.tag('Process'))
    .filter(Boolean);
  network.schedule.delete(born);
  expect(await audit()).toMatchObject({
    missing: [{ kind: 'process', reason: 'its scheduler does not have it' }],
  });
});

test('an audit ends where a scheduler gives the same page again and again', async () => {
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
  await mu.post(await network.message(sender));
  await mu.settled();
  await restart();
  const url = `${network.su.url}/${receiver}?process-id=${receiver}`;
  const page = (await (await fetch(url)).json()) as object;
  network.su.fault = ({ url }) =>
    url.pathname === `/${receiver}`
      ? { status: 200, body: { ...page, page_info: { has_next_page: true } } }
      : undefined;
  expect(await mu.post(nothing, `/audit/${sender}`)).toMatchObject({
    status: 502,
    body: { code: 'HTTP.MALFORMED', error: expect.stringContaining(receiver) },
  });
});
