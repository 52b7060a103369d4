import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Signer } from '@ao-ts/core/ans104';
import { expect, test } from 'vitest';
import { recheckUploads } from '../src/domain/recheck.ts';
import { openStores } from '../src/stores/open.ts';
import {
  expectSound,
  FakeArweave,
  messageItem,
  newSigner,
  type Rig,
  readAll,
  spawn,
  spawnItem,
  startScheduler,
  temporaryDirectory,
  until,
} from './support.ts';

const user = newSigner();

/** The value of a series on `GET /metrics`. */
async function metric(rig: Rig, name: string): Promise<number> {
  const { body } = await rig.get('/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1]);
}

test('a thousand messages at once get the nonces 1 to 1000, also when the clock jumps back an hour', {
  timeout: 120_000,
}, async () => {
  await using arweave = await new FakeArweave().start();
  let calls = 0;
  const clock = () => Date.now() - (++calls > 500 ? 3_600_000 : 0);
  await using rig = await startScheduler({ arweave, clock });
  const processId = await spawn(rig);
  const items = await Promise.all(Array.from({ length: 1000 }, () => messageItem(processId, user)));
  const answers = await Promise.all(items.map((item) => rig.post(item)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1000);
  const edges = await readAll(rig, processId);
  expect(edges).toHaveLength(1001);
  expectSound(processId, edges);
  expect(new Set(edges.map(({ node }) => node.message?.id)).size).toBe(1001);
});

test('a restart goes on where the last run stopped, and still refuses what it scheduled', async () => {
  await using directory = await temporaryDirectory();
  await using arweave = await new FakeArweave().start();
  const signer = newSigner();
  const options = { arweave, signer, env: { DB_URL: join(directory.path, 'su.sqlite') } };
  const first = await startScheduler(options);
  const processId = await spawn(first);
  const item = await messageItem(processId, user);
  await first.post(item);
  await first[Symbol.asyncDispose]();

  await using second = await startScheduler(options);
  expect((await second.post(item)).body.error).toBe('MessageExists("Message already exists")');
  expect((await second.post(await messageItem(processId, user))).status).toBe(200);
  const edges = await readAll(second, processId);
  expect(edges).toHaveLength(3);
  expectSound(processId, edges);
});

test('two units do not write to the same file', async () => {
  await using directory = await temporaryDirectory();
  await using arweave = await new FakeArweave().start();
  const options = { arweave, env: { DB_URL: join(directory.path, 'su.sqlite') } };
  const first = await startScheduler(options);
  await expect(startScheduler(options)).rejects.toThrow(/Another scheduler unit is running/);
  await first[Symbol.asyncDispose]();
  const third = await startScheduler(options);
  await third[Symbol.asyncDispose]();
});

test('with the gateway away from the start, writing waits for the first height; later outages change nothing', async () => {
  await using directory = await temporaryDirectory();
  await using arweave = await new FakeArweave().start();
  arweave.down = true;
  const options = { arweave, signer: newSigner(), env: { DB_URL: join(directory.path, 'su.sqlite') } };
  const first = await startScheduler(options);
  expect((await first.get('/health')).status).toBe(200);
  const item = await messageItem(user.address, user);
  expect((await first.post(item)).status).toBe(400);
  expect((await first.get('/timestamp')).status).toBe(503);

  arweave.down = false;
  await until(async () => (await first.get('/timestamp')).status === 200, 'the height is known');
  const processId = await spawn(first);
  arweave.down = true;
  expect((await first.post(await messageItem(processId, user))).status).toBe(200);
  await first[Symbol.asyncDispose]();

  await using second = await startScheduler(options);
  expect((await second.get('/timestamp')).body.block_height).toBe('000001700000');
  expect((await second.post(await messageItem(processId, user))).status).toBe(200);
});

test('a spawn before any height is known is put off, and consumes nothing', async () => {
  await using arweave = await new FakeArweave().start();
  arweave.down = true;
  await using rig = await startScheduler({ arweave });
  const item = await spawnItem(rig.address, user);
  const early = await rig.post(item);
  expect(early.status).toBe(503);
  expect(early.headers.get('retry-after')).toBe('1');
  arweave.down = false;
  await until(async () => (await rig.post(item)).status === 200, 'the spawn is taken');
  expect(await readAll(rig, item.id)).toHaveLength(1);
});

test('heights of a process never decrease', async () => {
  await using arweave = await new FakeArweave().start();
  await using rig = await startScheduler({ arweave });
  const processId = await spawn(rig);
  arweave.height -= 1000;
  const asked = arweave.heightRequests;
  await until(() => arweave.heightRequests > asked + 1, 'the unit was told the lower height');
  await rig.post(await messageItem(processId, user));
  arweave.height += 2000;
  await until(
    async () => (await rig.get('/timestamp')).body.block_height === '000001701000',
    'the new height is seen',
  );
  await rig.post(await messageItem(processId, user));
  expectSound(processId, await readAll(rig, processId));
});

test('uploads survive an uploader that is away, a restart, and an item that it will not take', async () => {
  await using directory = await temporaryDirectory();
  await using arweave = await new FakeArweave().start();
  const options = { arweave, signer: newSigner(), env: { DB_URL: join(directory.path, 'su.sqlite') } };
  arweave.refuse = () => 503;
  const first = await startScheduler(options);
  const processId = await spawn(first);
  for (let i = 0; i < 20; i++) await first.post(await messageItem(processId, user));
  expect(await metric(first, 'su_uploads_pending')).toBe(21);
  await until(() => arweave.uploads > 3, 'the uploader was tried several times');
  await first[Symbol.asyncDispose]();
  expect(arweave.uploaded).toEqual([]);

  const poison = await messageItem(processId, user);
  arweave.refuse = (item) => (item.id === poison.id ? 400 : undefined);
  await using second = await startScheduler(options);
  await second.post(poison);
  await second.post(await messageItem(processId, user));
  await until(async () => (await metric(second, 'su_uploads_pending')) === 1, 'all but one are uploaded');
  expect(arweave.uploaded).toHaveLength(22 * 2);
  arweave.refuse = () => undefined;
  await until(async () => (await metric(second, 'su_uploads_pending')) === 0, 'all are uploaded');
  const ids = (await readAll(second, processId)).flatMap(({ node }) => [
    node.message?.id,
    node.assignment.id,
  ]);
  expect(new Set(arweave.uploaded)).toEqual(new Set(ids));
});

test('uploads leave the processor to the signatures while items wait for their slot', async () => {
  await using arweave = await new FakeArweave().start();
  const signer = newSigner();
  let signed = 0;
  const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>();
  const slow: Signer = {
    ...signer,
    async sign(message) {
      if (signed > 0) await mayGoOn;
      await nextTurn();
      signed++;
      return signer.sign(message);
    },
  };
  await using rig = await startScheduler({ arweave, signer: slow });
  const processId = await spawn(rig);
  await until(async () => (await metric(rig, 'su_uploads_pending')) === 0, 'the process is uploaded');

  let signedAtFirstUpload: number | undefined;
  arweave.refuse = () => {
    signedAtFirstUpload ??= signed;
    return undefined;
  };
  const items = await Promise.all(Array.from({ length: 20 }, () => messageItem(processId, user)));
  const posts = items.map((item) => rig.post(item));
  await until(async () => (await metric(rig, 'su_slots_waiting')) === 19, 'all but the first wait');
  goOn();
  await Promise.all(posts);
  await until(async () => (await metric(rig, 'su_uploads_pending')) === 0, 'all are uploaded');
  expect(signedAtFirstUpload).toBeGreaterThan(19);
});

test('what the gateway lost is ordered again, beside the running unit', async () => {
  await using directory = await temporaryDirectory();
  await using arweave = await new FakeArweave().start();
  const path = join(directory.path, 'su.sqlite');
  await using rig = await startScheduler({ arweave, env: { DB_URL: path } });
  const processId = await spawn(rig);
  for (let i = 0; i < 100; i++) await rig.post(await messageItem(processId, user));
  await until(async () => (await metric(rig, 'su_uploads_pending')) === 0, 'all are uploaded');
  const lost = new Set([arweave.uploaded[1], arweave.uploaded[150]]);
  const kept = new Set(arweave.uploaded.filter((id) => !lost.has(id)));
  arweave.uploaded.length = 0;

  const { store, outbox } = await openStores(path, { shared: true });
  const found = await recheckUploads({ outbox, onArweave: async (id) => kept.has(id), since: 0 });
  expect(found).toEqual({ checked: 101, missing: 2 });
  const later = await recheckUploads({ outbox, onArweave: async () => false, since: Date.now() + 1000 });
  expect(later).toEqual({ checked: 0, missing: 0 });
  await store.close();

  await rig.post(await messageItem(processId, user));
  await until(() => [...lost].every((id) => arweave.uploaded.includes(id ?? '')), 'they are uploaded again');
});

test('what the bundler has already is done, in whatever words it says so', async () => {
  await using directory = await temporaryDirectory();
  await using arweave = await new FakeArweave().start();
  const path = join(directory.path, 'su.sqlite');
  await using rig = await startScheduler({ arweave, env: { DB_URL: path } });
  const processId = await spawn(rig);
  await until(async () => (await metric(rig, 'su_uploads_pending')) === 0, 'the process is uploaded');

  const { store, outbox } = await openStores(path, { shared: true });
  await recheckUploads({ outbox, onArweave: async () => false, since: 0 });
  await store.close();
  await rig.post(await messageItem(processId, user));
  await until(async () => (await metric(rig, 'su_uploads_pending')) === 0, 'there is nothing left to upload');
  expect(arweave.uploads).toBe(6);
  expect(arweave.uploaded).toHaveLength(4);
});
