import { randomBytes } from 'node:crypto';
import { toBase64url } from '@ao-ts/core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  expectSound,
  FakeArweave,
  messageItem,
  newSigner,
  type Rig,
  readAll,
  spawn,
  startScheduler,
} from './support.ts';

let arweave: FakeArweave;
let rig: Rig & AsyncDisposable;
let processId: string;
const user = newSigner();
const newId = () => toBase64url(randomBytes(32));

beforeAll(async () => {
  arweave = await new FakeArweave().start();
  rig = await startScheduler({ arweave });
});

beforeEach(async () => {
  processId = await spawn(rig);
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await arweave[Symbol.asyncDispose]();
});

const assign = (id: string, search = '', to = processId) =>
  fetch(`${rig.url}/?process-id=${to}&assign=${id}${search}`, { method: 'POST' }).then(async (response) => ({
    status: response.status,
    // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
    body: (await response.json()) as any,
  }));

const excludes = (tags: { name: string; value: string }[]) =>
  tags.filter(({ name }) => name === 'Exclude').map(({ value }) => value);

test('something on Arweave gets a slot without a body, answered with the assignment id', async () => {
  const id = newId();
  arweave.transactions.set(id, { tags: [{ name: 'App', value: 'x' }], data: 'content' });
  const { status, body } = await assign(id);
  expect(status).toBe(200);
  const node = await rig.node(`/${body.id}?process-id=${processId}`);
  expect(node.message).toBeNull();
  expect(node.assignment.id).toBe(body.id);
  expect(node.assignment.tags).toContainEqual({ name: 'Message', value: id });
  expect((await rig.node(`/${id}?process-id=${processId}`)).assignment.id).toBe(body.id);

  await rig.post(await messageItem(processId, user));
  const edges = await readAll(rig, processId);
  expect(edges).toHaveLength(3);
  expectSound(processId, edges);

  const again = await assign(id);
  expect([again.status, again.body.error]).toEqual([400, 'MessageExists("Deep hash already exists")']);
});

test('something unknown, an id that is none, an unknown process, half a request: each is refused', async () => {
  const id = newId();
  expect((await assign(id)).body.error).toBe('Transaction not found');
  expect((await assign('short')).body.error).toBe(
    'error in builder: BuilderError("assign param must be 43 characters")',
  );
  expect((await assign(id, '', newId())).body.error).toBe('NotFound("Process not found")');
  for (const search of [`?process-id=${processId}`, `?assign=${id}`]) {
    const { status, body } = await rig.post(Buffer.alloc(0), search);
    expect(status).toBe(400);
    expect(body.error).toBe('If sending assign or process-id, you must send both.');
  }
});

test('one excluded field is named twice, so that a reader always sees a list', async () => {
  for (const [search, expected] of [
    ['', []],
    ['&exclude=', []],
    ['&exclude=Data', ['Data', 'Data']],
    ['&exclude=Data,Tags', ['Data', 'Tags']],
  ] as const) {
    const id = newId();
    arweave.transactions.set(id, { tags: [], data: id });
    const { body } = await assign(id, search);
    const { assignment } = await rig.node(`/${body.id}`);
    expect(excludes(assignment.tags)).toEqual(expected);
  }
});

test('a layer-one transaction is assigned once it is settled as deep as the process asks', async () => {
  const id = newId();
  expect((await assign(id, '&base-layer')).body.error).toBe('Transaction not found');
  arweave.transactions.set(id, { tags: [] });
  expect((await assign(id, '&base-layer')).status).toBe(400);
  arweave.transactions.set(id, { tags: [], confirmations: 19 });
  expect((await assign(id, '&base-layer')).body.error).toBe('Not enough confirmations to assign');
  arweave.transactions.set(id, { tags: [], confirmations: 20 });
  expect((await assign(id, '&base-layer=true')).status).toBe(200);

  const eager = await spawn(rig, user, { tags: [{ name: 'Settlement-Depth', value: '3' }] });
  arweave.transactions.set(id, { tags: [], confirmations: 3 });
  expect((await assign(id, '&base-layer', eager)).status).toBe(200);
});

test('a message of one process can be assigned to another before any gateway has it', async () => {
  const message = await messageItem(processId, user);
  await rig.post(message);
  const other = await spawn(rig);
  const { status, body } = await assign(message.id, '', other);
  expect(status).toBe(200);

  const onOther = await rig.node(`/${message.id}?process-id=${other}`);
  expect(onOther.assignment.id).toBe(body.id);
  const onOwn = await rig.node(`/${message.id}?process-id=${processId}`);
  expect(onOwn.message?.id).toBe(message.id);
  expect((await rig.node(`/${message.id}`)).message?.id).toBe(message.id);
});

test('an assignment does not keep the message itself from being posted', async () => {
  const message = await messageItem(processId, user);
  arweave.transactions.set(message.id, { tags: [...message.tags], recipient: processId, data: 'hello' });
  const other = await spawn(rig);
  expect((await assign(message.id, '', other)).status).toBe(200);
  expect((await rig.post(message)).status).toBe(200);
  expect((await rig.post(message)).status).toBe(400);
});

test('a process that was assigned to another is still paged by its id', async () => {
  const other = await spawn(rig);
  const { status, body } = await assign(other);
  expect(status).toBe(200);
  for (const search of ['', `?process-id=${other}`]) {
    const page = await rig.page(`/${other}${search}`);
    expect(page.edges.map(({ node }) => node.message?.id)).toEqual([other]);
  }
  expect((await rig.node(`/${body.id}`)).message).toBeNull();
  expect((await readAll(rig, processId)).map(({ node }) => node.message?.id)).toEqual([processId, undefined]);
});
