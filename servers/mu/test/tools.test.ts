import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { SignatureTypes } from '@ao-ts/core/ans104';
import { readSigner } from '@ao-ts/server-kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeNetwork, id, send } from './fake-network.ts';
import { type MuClient, startUnit, temporaryDb } from './unit.ts';

let network: FakeNetwork;
let mu: MuClient;

beforeEach(async () => {
  network = await new FakeNetwork().start();
  mu = await startUnit(network);
});

afterEach(async () => {
  await mu[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

async function restart(options: Parameters<typeof startUnit>[1]): Promise<void> {
  await mu[Symbol.asyncDispose]();
  mu = await startUnit(network, options);
}

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

test('GET /?debug shows what led to a message and what followed', async () => {
  const last = network.addProcess();
  const middle = network.addProcess(() => ({ Messages: [send(last)] }));
  const first = network.addProcess(() => ({ Messages: [send(middle)] }));
  const root = await network.message(first);
  await mu.post(root);
  await mu.settled();
  const [, second, third] = await mu.tree(root.id);
  type Page = { pageInfo: { hasNextPage: boolean }; edges: { node: Record<string, unknown> }[] };
  const { edges, pageInfo } = await mu.get<Page>(`/?debug=1&process=${middle}&message=${second?.id}`);
  expect(edges.map(({ node }) => [node.relation, node.messageId, node.type])).toEqual([
    ['root', second?.id, 'MESSAGE'],
    ['ancestor', root.id, 'MESSAGE'],
    ['descendant', third?.id, 'MESSAGE'],
  ]);
  expect(pageInfo.hasNextPage).toBe(false);
  expect(edges[1]?.node).toMatchObject({ wallet: network.client.address, parentId: null, processId: first });
  const page = await mu.get<Page>(`/?debug=1&message=${second?.id}&page-size=1&page=2`);
  expect(page).toMatchObject({ pageInfo: { hasNextPage: true }, edges: [{ node: { messageId: root.id } }] });
  expect((await mu.get<Page>(`/?debug=1&process=${last}`)).edges).toHaveLength(1);
  for (const [query, status] of [
    ['debug=1', 400],
    ['debug=1&process=a&page-size=x', 400],
    ['debug=1&process=a&message=b&spawn=c', 422],
  ]) {
    expect((await fetch(`${mu.url}/?${query}`)).status).toBe(status);
  }
});

test('the trace of a request goes on to scheduler and compute unit, for all it causes', async () => {
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const item = await network.message(sender);
  await fetch(mu.url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', traceparent },
    body: Buffer.from(item.raw),
  });
  await mu.settled();
  await mu.post(await network.message(receiver));
  await mu.settled();
  const traces = (requests: typeof network.su.requests) =>
    requests
      .filter(({ url }) => !url.pathname.startsWith('/processes'))
      .map(({ headers }) => headers.traceparent);
  expect(traces(network.su.requests)).toEqual([traceparent, traceparent, undefined]);
  expect(traces(network.cu.requests)).toEqual([traceparent, traceparent, undefined]);
});

test('what was finished long ago is forgotten, and not sent again when it is posted again', async () => {
  let now = Date.now();
  const dbPath = await temporaryDb();
  await restart({ dbPath, clock: () => now });
  const receiver = network.addProcess();
  const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
  const item = await network.message(sender);
  await mu.post(item);
  await mu.settled();
  now += 8 * 24 * 3_600_000;
  await restart({ dbPath, clock: () => now });
  while ((await mu.tree(item.id)).length > 0);
  expect((await mu.post(item)).status).toBe(202);
  expect(await mu.settled()).toEqual(settled);
  expect(network.items(receiver)).toHaveLength(1);
});

test('what two processes send each other for ever is kept back at the depth allowed, and can go on', async () => {
  await restart({ env: { MAX_DEPTH: '5' } });
  const ids: string[] = [];
  const ring = [1, 0].map((other) => network.addProcess(() => ({ Messages: [send(ids[other] ?? '')] })));
  ids.push(...ring);
  const root = await network.message(ring[0] ?? '');
  await mu.post(root);
  expect(await mu.settled()).toEqual({ ...settled, dead: 1 });
  const last = (await mu.tree(root.id)).at(-1);
  expect(last).toMatchObject({ depth: 6, state: 'dead', error: expect.stringContaining(root.id) });
  expect((await mu.post(nothing, `/dead/${last?.key}/retry`)).status).toBe(202);
  expect(await mu.settled()).toEqual({ ...settled, dead: 1 });
  expect((await mu.tree(root.id)).at(-1)).toMatchObject({ depth: 7, state: 'dead' });
});

test('what one message causes beyond its budget is kept back, and can be sent', async () => {
  await restart({ env: { ROOT_BUDGET: '3' } });
  const last = network.addProcess();
  const receiver = network.addProcess(() => ({ Messages: [send(last, { N: '1' }), send(last, { N: '2' })] }));
  const sender = network.addProcess(() => ({ Messages: [send(receiver), send(receiver)] }));
  const roots = [await network.message(sender), await network.message(sender)];
  for (const root of roots) {
    await mu.post(root);
    await mu.settled();
    const nodes = await mu.tree(root.id);
    expect(nodes.filter(({ state }) => state === 'done')).toHaveLength(4);
    const [kept] = nodes.filter(({ state }) => state === 'dead');
    expect(kept?.error).toContain(root.id);
    expect((await mu.post(nothing, `/dead/${kept?.key}/retry`)).status).toBe(202);
  }
  expect(await mu.settled()).toMatchObject({ dead: 4 });
  expect(network.items(last)).toHaveLength(4);
});

describe('limits and lists', () => {
  test('let a wallet, an address and a process through so often a minute', async () => {
    const [one, two] = [network.addProcess(), network.addProcess()];
    for (const name of ['RATE_LIMIT_WALLET', 'RATE_LIMIT_IP', 'RATE_LIMIT_PROCESS']) {
      let now = Date.now();
      await restart({ env: { [name]: '2' }, clock: () => now });
      const statuses: number[] = [];
      for (const process of [one, two, one, one]) {
        statuses.push((await mu.post(await network.message(process))).status);
      }
      expect(statuses).toEqual(name === 'RATE_LIMIT_PROCESS' ? [202, 202, 202, 429] : [202, 202, 429, 429]);
      const refused = await fetch(`${mu.url}/?process-id=${one}&assign=${id()}`, { method: 'POST' });
      expect(refused.status).toBe(name === 'RATE_LIMIT_WALLET' ? 202 : 429);
      now += 30_000;
      expect((await mu.post(await network.message(one))).status).toBe(202);
    }
  });

  test('refuse with 403 what is not allowed or denied', async () => {
    const [listed, other] = [network.addProcess(), network.addProcess()];
    const post = async (process: string, tags: Parameters<FakeNetwork['message']>[1] = []) =>
      mu.post(await network.message(process, tags));
    await restart({ env: { PROCESS_ALLOW: listed, FROM_PROCESS_BLACKLIST: `x,${other}` } });
    expect((await post(listed)).status).toBe(202);
    expect(await post(other)).toMatchObject({
      status: 403,
      body: { error: 'Forbidden, process not whitelisted' },
    });
    expect(await post(listed, [{ name: 'From-Process', value: other }])).toMatchObject({
      status: 403,
      body: { error: 'Invalid From-Process value.' },
    });
    expect((await mu.post(await network.process())).status).toBe(202);
    const { raw } = await network.message(other);
    for (const path of [`/?process-id=${other}&assign=${id()}`, `/monitor/${other}`]) {
      expect((await mu.post(raw, path)).status).toBe(403);
    }
    await restart({ env: { PROCESS_DENY: other, WALLET_DENY: network.client.address } });
    expect([(await post(other)).status, (await post(listed)).status]).toEqual([403, 403]);
  });
});

test.each([
  ['secp256k1', SignatureTypes.ethereum],
  ['ed25519', SignatureTypes.ed25519],
])('a %s key signs too, and equal spawns stay two processes', async (curve, signatureType) => {
  const path = `${await temporaryDb()}.json`;
  const { privateKey } =
    curve === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: curve });
  await writeFile(path, JSON.stringify(privateKey.export({ format: 'jwk' })));
  const { address } = await readSigner(path);
  const spawn = { Tags: [{ name: 'Module', value: network.module }] };
  const sender = network.addProcess(({ item }) =>
    item?.tag('Action') === 'Spawned' ? {} : { Spawns: [spawn, spawn] },
  );
  await restart({ env: { PATH_TO_WALLET: path }, signer: await readSigner(path) });
  await mu.post(await network.message(sender));
  expect(await mu.settled()).toEqual(settled);
  const announced = network.items(sender).slice(1);
  expect(new Set(announced.map((item) => item.tag('Process'))).size).toBe(2);
  expect(announced.map((item) => [item.ownerAddress, item.signatureType])).toEqual([
    [address, signatureType],
    [address, signatureType],
  ]);
});
