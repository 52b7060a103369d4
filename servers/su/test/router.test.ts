import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataItem, Signer } from '@ao-ts/core/ans104';
import { HttpClient, SchedulerClient, type Unit } from '@ao-ts/server-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRouter, routerConfigFrom } from '../src/index.ts';
import {
  FakeArweave,
  messageItem,
  newSigner,
  silent,
  spawnItem,
  startScheduler,
  temporaryDirectory,
} from './support.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let router: Unit | undefined;
const user = newSigner();
const ONE = 'http://su1.example';
const TWO = 'http://su2.example';
const THREE = 'http://su3.example';

beforeEach(async () => {
  directory = await temporaryDirectory();
});

afterEach(async () => {
  await router?.[Symbol.asyncDispose]();
  router = undefined;
  await directory[Symbol.asyncDispose]();
});

/** Starts the router (again) with that list of schedulers. */
async function startRouter(list: unknown): Promise<void> {
  await router?.[Symbol.asyncDispose]();
  const path = join(directory.path, 'schedulers.json');
  await writeFile(path, typeof list === 'string' ? list : JSON.stringify(list));
  const config = routerConfigFrom({
    PORT: '0',
    DB_URL: join(directory.path, 'router.sqlite'),
    SCHEDULER_LIST_PATH: path,
  });
  router = await createRouter(config, { logger: silent });
  await router.start();
}

async function ask(path: string, item?: DataItem) {
  const response = await fetch(`${router?.url}${path}`, {
    redirect: 'manual',
    ...(item ? { method: 'POST', body: new Uint8Array(item.raw) } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    location: response.headers.get('location'),
    error: text === '' ? undefined : (JSON.parse(text) as { error: string }).error,
  };
}

/** Posts a new spawn; gives its item and where it was sent. */
async function place(signer: Signer = user) {
  const item = await spawnItem('scheduler', signer);
  const { status, location } = await ask('/', item);
  expect(status).toBe(307);
  return { item, location };
}

test('spawns go to the least loaded scheduler, and every request of a process follows it', async () => {
  await startRouter([{ url: `${ONE}/` }, { url: TWO }, { url: THREE, no_route: true }]);
  const first = await place();
  const second = await place();
  expect([first.location, second.location]).toEqual([`${ONE}/`, `${TWO}/`]);

  const { id } = second.item;
  for (const path of [
    `/?process-id=${id}`,
    `/timestamp?process-id=${id}`,
    `/${id}?from=1&limit=2`,
    `/${id}?proc-id=${id}&from-nonce=0`,
    `/some-message?process-id=${id}`,
    `/${id}/latest?process-id=${id}`,
    `/processes/${id}`,
  ]) {
    expect(await ask(path), path).toEqual({ status: 307, location: TWO + path, error: undefined });
  }
  const message = await messageItem(id, user);
  expect((await ask('/', message)).location).toBe(`${TWO}/`);
  const assigned = await fetch(`${router?.url}/?process-id=${id}&assign=x&base-layer`, {
    method: 'POST',
    redirect: 'manual',
  });
  expect(assigned.headers.get('location')).toBe(`${TWO}/?process-id=${id}&assign=x&base-layer`);
});

test('wallets can have schedulers of their own', async () => {
  const special = newSigner();
  await startRouter([
    { url: ONE, no_route: null, wallets_to_route: null, wallets_only: null },
    { url: TWO, wallets_to_route: `x, ${special.address}`, wallets_only: true },
  ]);
  for (let i = 0; i < 3; i++) {
    expect((await place(special)).location).toBe(`${TWO}/`);
    expect((await place()).location).toBe(`${ONE}/`);
  }
});

test('a spawn posted again goes where it went first, also after a restart with another list', async () => {
  await startRouter([{ url: ONE }]);
  const { item } = await place();
  await startRouter([{ url: TWO }]);
  const again = await Promise.all([ask('/', item), ask('/', item)]);
  expect(again.map(({ location }) => location)).toEqual([`${ONE}/`, `${ONE}/`]);
  expect((await place()).location).toBe(`${TWO}/`);
});

test('the same spawn posted twice at once goes to one scheduler and counts once', async () => {
  await startRouter([{ url: ONE }, { url: TWO }]);
  const item = await spawnItem('scheduler', user);
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask('/', item)));
  expect(new Set(answers.map(({ location }) => location)).size).toBe(1);
  expect((await place()).location).toBe(`${TWO}/`);
  expect((await place()).location).toBe(`${ONE}/`);
});

test('what can not be routed is 400 with a reason', async () => {
  await startRouter([{ url: ONE, no_route: true }]);
  const unknown = user.address;
  expect((await ask('/')).error).toBe('No process-id query parameter provided');
  expect((await ask(`/${unknown}`)).error).toBe('NotFound("Process scheduler not found")');
  expect(await ask('/', await messageItem(unknown, user))).toMatchObject({
    status: 400,
    error: 'Unable to locate scheduler for message target',
  });
  expect((await ask('/', await spawnItem('scheduler', user))).error).toBe(
    'Could not find a scheduler to assign',
  );
  const assigned = await fetch(`${router?.url}/?process-id=x&assign=y`, { method: 'POST' });
  expect(await assigned.json()).toMatchObject({ error: 'Unable to locate scheduler for process-id' });
  expect((await ask('/health')).status).toBe(200);
});

test('a list that makes no sense is named at the start', async () => {
  await expect(startRouter('[{"url":"nonsense"}]')).rejects.toThrow(/SCHEDULER_LIST_PATH/);
  await expect(startRouter('{')).rejects.toThrow(/SCHEDULER_LIST_PATH/);
});

test('a client that follows redirects works through the router as with the scheduler itself', async () => {
  await using arweave = await new FakeArweave().start();
  await using rig = await startScheduler({ arweave });
  await startRouter([{ url: rig.url }]);
  const http = new HttpClient();
  try {
    const client = new SchedulerClient(http, router?.url ?? '');
    const process = await spawnItem(rig.address, user);
    expect((await client.schedule(process.raw)).id).toBe(process.id);
    const message = await messageItem(process.id, user);
    expect((await client.schedule(message.raw)).id).toBe(message.id);
    expect((await client.slot(process.id, message.id)).message?.id).toBe(message.id);
    expect((await client.page(process.id, { from: -1, limit: 9 })).edges).toHaveLength(2);
    expect((await client.time(process.id)).blockHeight).toBe(1_700_000);
  } finally {
    await http.close();
  }
});
