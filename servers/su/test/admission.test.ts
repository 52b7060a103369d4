import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { configFrom } from '../src/index.ts';
import { FakeArweave, messageItem, newSigner, spawn, spawnItem, startScheduler, until } from './support.ts';

/** Serves one JSON value that can be changed; while it is undefined, 503. */
async function jsonServer(value: unknown) {
  const state = { value };
  const server = createServer((_request, response) => {
    if (state.value === undefined) return response.writeHead(503).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(state.value));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.json`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const user = newSigner();

test('messages above the configured size are refused, except from those who may', async () => {
  await using arweave = await new FakeArweave().start();
  const owner = newSigner();
  const messenger = newSigner();
  await using rig = await startScheduler({
    arweave,
    env: {
      MAX_MESSAGE_SIZE_BYTES: '2000',
      MAX_SIZE_OWNER_WHITELIST: owner.address,
      MAX_SIZE_FROM_OWNER_WHITELIST: `${user.address},${messenger.address}`,
      MAX_SIZE_FROM_WHITELIST: 'some-process',
    },
  });
  const processId = await spawn(rig, user, { data: 'x'.repeat(3000) });
  const big = { data: 'x'.repeat(3000) };
  const from = (name: string) => ({ ...big, tags: [{ name: 'From-Process', value: name }] });
  const refusal = await rig.post(await messageItem(processId, user, big));
  expect([refusal.status, refusal.body.error]).toEqual([400, 'Message size exceeds maximum of 2000 bytes']);
  expect((await rig.post(await messageItem(processId, user))).status).toBe(200);
  expect((await rig.post(await messageItem(processId, owner, big))).status).toBe(200);
  expect((await rig.post(await messageItem(processId, messenger, from('some-process')))).status).toBe(200);
  expect((await rig.post(await messageItem(processId, messenger, from('other')))).status).toBe(400);
});

test('with a list of addresses only they may write; everybody may read', async () => {
  await using arweave = await new FakeArweave().start();
  await using list = await jsonServer(undefined);
  await using rig = await startScheduler({
    arweave,
    env: { IP_WHITELIST_URL: list.url, LIST_REFRESH_MS: '10', TRUSTED_PROXIES: 'loopback' },
  });
  const write = async (address?: string) => {
    const response = await fetch(`${rig.url}/`, {
      method: 'POST',
      headers: address === undefined ? {} : { 'x-real-ip': address },
    });
    return [response.status, ((await response.json()) as { error: string }).error];
  };
  expect((await write('1.2.3.4'))[0]).toBe(503);
  list.state.value = ['1.2.3.4'];
  await until(async () => (await write('1.2.3.4'))[0] !== 503, 'the list is there');
  expect(await write()).toEqual([403, 'Access denied']);
  expect(await write('4.3.2.1')).toEqual([403, 'Access denied']);
  expect((await write('1.2.3.4'))[0]).toBe(400);
  expect((await write('1.2.3.4'))[1]).toContain('Buffer too short');
  expect((await rig.get('/timestamp')).status).toBe(200);
});

test('who is no trusted proxy can not speak for a listed address', async () => {
  await using arweave = await new FakeArweave().start();
  await using list = await jsonServer(['1.2.3.4']);
  await using rig = await startScheduler({ arweave, env: { IP_WHITELIST_URL: list.url } });
  for (const name of ['x-real-ip', 'x-forwarded-for']) {
    const response = await fetch(`${rig.url}/`, { method: 'POST', headers: { [name]: '1.2.3.4' } });
    expect(response.status).toBe(403);
  }
});

test('with a list of processes only they are served, and nothing is spawned', async () => {
  await using arweave = await new FakeArweave().start();
  await using list = await jsonServer({ processes: {} });
  const own = { su: 'https://su.example/' };
  await using rig = await startScheduler({
    arweave,
    signer: user,
    env: { PROCESS_WHITELIST_URL: list.url, URL: 'https://su.example', LIST_REFRESH_MS: '10' },
  });
  const processId = user.address;
  const refusal = async () => (await rig.post(await messageItem(processId, user))).body.error;
  expect(await refusal()).toBe(`Process ${processId} is not allowed on this SU`);
  expect((await rig.get(`/${processId}`)).status).toBe(403);
  expect((await rig.get(`/processes/${processId}`)).status).toBe(403);
  expect((await rig.get(`/${processId}/latest`)).status).toBe(403);
  const spawned = await rig.post(await spawnItem(rig.address, user));
  expect([spawned.status, spawned.body.error]).toEqual([400, 'Process spawning is not supported']);

  list.state.value = { processes: { [processId]: { ...own, read_only: true } } };
  await until(
    async () => (await refusal()) === `Process ${processId} is read_only on this SU`,
    'the list is read again',
  );
  expect((await rig.get(`/${processId}`)).status).toBe(400);

  list.state.value = { processes: { [processId]: { ...own, read_only: null } } };
  await until(async () => (await refusal()) === 'NotFound("Process not found")', 'the list is read again');

  list.state.value = { processes: { [processId]: { su: 'https://other.example' } } };
  await until(
    async () => (await refusal()) === `Process ${processId} is not allowed on this SU`,
    'the list is read again',
  );
});

test('a list of processes needs the own URL', () => {
  const env = {
    SU_WALLET_PATH: 'w',
    GATEWAY_URL: 'http://g',
    UPLOAD_NODE_URL: 'http://u',
    PROCESS_WHITELIST_URL: 'http://l',
  };
  expect(() => configFrom(env)).toThrow('URL is not set: PROCESS_WHITELIST_URL needs it');
  expect(configFrom({ ...env, URL: 'http://own/' }).URL).toBe('http://own');
});

test('bodies that would fill the memory are asked to come again; room comes back when a client leaves', async () => {
  await using arweave = await new FakeArweave().start();
  await using rig = await startScheduler({ arweave, env: { MAX_BYTES_IN_FLIGHT: '100000' } });
  const processId = await spawn(rig);
  const slow = new Socket();
  slow.connect(Number(new URL(rig.url).port), '127.0.0.1');
  slow.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999\r\n\r\n');
  const post = async () => rig.post(await messageItem(processId, user));
  await until(async () => (await post()).status === 503, 'the slow body is counted');
  const busy = await post();
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '1']);
  slow.destroy();
  await until(async () => (await post()).status === 200, 'there is room again');
});

test('an address that sends too much is asked to go on later; others are not', async () => {
  await using arweave = await new FakeArweave().start();
  let now = 1_800_000_000_000;
  await using rig = await startScheduler({
    arweave,
    clock: () => now,
    env: { MAX_ITEMS_PER_OWNER_PER_MINUTE: '3' },
  });
  const processId = await spawn(rig);
  const post = async (signer = user) => rig.post(await messageItem(processId, signer));
  const statuses = [];
  for (let i = 0; i < 5; i++) statuses.push((await post()).status);
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  expect((await post()).headers.get('retry-after')).toBe('20');
  expect((await post(newSigner())).status).toBe(200);
  now += 60_000;
  expect((await post()).status).toBe(200);
  now -= 3_600_000;
  expect((await post()).status).toBe(200);
});
