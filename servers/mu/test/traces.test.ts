import { expect, test } from 'vitest';
import { send } from './fake-network.ts';
import { mu, network, useUnit } from './unit.ts';

useUnit();

/** A message of a client to the first of three processes, each of which sends one to the next. */
async function threeInARow() {
  const last = network.addProcess();
  const middle = network.addProcess(() => ({ Messages: [send(last)] }));
  const first = network.addProcess(() => ({ Messages: [send(middle)] }));
  const root = await network.message(first);
  await mu.post(root);
  await mu.settled();
  return { first, middle, last, root };
}

test('the tree of a message shows every node it caused', async () => {
  const { first, middle, last, root } = await threeInARow();
  const nodes = await mu.tree(root.id);
  expect(nodes.map(({ state, depth, target }) => [state, depth, target])).toEqual([
    ['done', 0, first],
    ['done', 1, middle],
    ['done', 2, last],
  ]);
  expect(nodes[1]?.parent).toBe(nodes[0]?.key);
  expect(nodes[1]).toMatchObject({
    kind: 'message',
    emitter: first,
    host: network.su.url,
    nonce: 1,
    error: null,
  });
});

test('GET /?debug shows what led to a message and what followed', async () => {
  const { first, middle, last, root } = await threeInARow();
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
  expect(await (await fetch(`${mu.url}/?debug=`)).text()).toBe('ao messenger unit');
  for (const [query, status] of [
    ['debug=1', 400],
    ['debug=1&process=a&page-size=x', 400],
    ['debug=1&process=a&message=b&spawn=c', 422],
  ]) {
    expect((await fetch(`${mu.url}/?${query}`)).status).toBe(status);
  }
});

test('GET /?debug knows spawns by the id of their process, and assignments', async () => {
  const receiver = network.addProcess();
  const sender = network.addProcess(({ item }) =>
    item?.tag('Action') === 'Spawned'
      ? {}
      : {
          Spawns: [{ Tags: [{ name: 'Module', value: network.module }] }],
          Assignments: [{ Processes: [receiver], Message: network.module }],
        },
  );
  await mu.post(await network.message(sender));
  await mu.settled();
  const spawned = network.items(sender)[1]?.tag('Process');
  const assigned = network.schedule.get(receiver)?.[1]?.assignmentId;
  for (const [query, type, id] of [
    [`spawn=${spawned}`, 'SPAWN', spawned],
    [`assign=${assigned}`, 'ASSIGN', assigned],
  ]) {
    const { edges } = await mu.get<{ edges: { node: unknown }[] }>(`/?debug=1&process=${sender}&${query}`);
    expect(edges[0]?.node).toMatchObject({ relation: 'root', messageId: id, type });
    expect(edges[1]?.node).toMatchObject({ relation: 'ancestor', processId: sender, type: 'MESSAGE' });
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
