import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findNetworkFile, Network, readNetworkFile } from '../src/index.ts';

const root = await mkdtemp(join(tmpdir(), 'ao-network-'));
afterAll(() => rm(root, { recursive: true, force: true }));

test('state survives a stop: same wallets, module and scheduler; one copy of each record', async () => {
  const directory = join(root, '.ao');
  const first = await Network.start({ directory });
  const { gateway } = first.file;
  await first.stop();
  const port = Number(new URL(gateway).port);
  const second = await Network.start({ directory, ports: { gateway: port } });
  const { module, scheduler, authority, wallet } = second.file;
  expect({ module, scheduler, authority, wallet }).toEqual({
    module: first.file.module,
    scheduler: first.file.scheduler,
    authority: first.file.authority,
    wallet: first.file.wallet,
  });
  expect(await findNetworkFile(join(root))).toEqual(second.file);
  const query = '{ transactions(tags: [{ name: "Type", values: ["Module"] }]) { edges { node { id } } } }';
  const answer = await fetch(`${second.file.gateway}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data } = (await answer.json()) as { data: { transactions: { edges: unknown[] } } };
  expect(data.transactions.edges).toHaveLength(1);
  expect(JSON.parse(await readFile(wallet, 'utf8'))).toMatchObject({ kty: 'RSA' });
  expect((await stat(wallet)).mode & 0o077).toBe(0);
  await second.stop();
});

test('an ephemeral network leaves nothing behind', async () => {
  const network = await Network.start();
  expect(await readNetworkFile(join(network.directory, 'network.json'))).toEqual(network.file);
  await network.stop();
  await expect(stat(network.directory)).rejects.toThrow('ENOENT');
});

test('with a router, compute is asked through it', async () => {
  await using network = await Network.start({ router: true });
  expect((await fetch(`${network.file.cu}/healthcheck`)).status).toBe(200);
  const process = await network.client.spawn();
  expect(await network.client.value(process, 'return 1 + 1')).toBe('2');
});

test('a taken port is named, and what was started before is stopped', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  await expect(Network.start({ ports: { cu: port } })).rejects.toMatchObject({
    code: 'CONFIG.PORT_TAKEN',
    message: expect.stringContaining(`Port ${port} is taken`),
  });
  taken.close();
});

test('without a network the error says how to get one', async () => {
  await expect(findNetworkFile(tmpdir())).rejects.toThrow('npm start');
});
