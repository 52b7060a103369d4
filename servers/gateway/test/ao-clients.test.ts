import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { arweaveSigner, createDataItem, ethereumSigner, type Tag } from '@ao-ts/core/ans104';
import { GatewayClient, generateWallet, HttpClient, UploaderClient } from '@ao-ts/server-kit';
import { ArweaveSigner, bundleAndSignData, createData } from '@dha-team/arbundles';
import { connect as schedulerUtils } from '@permaweb/ao-scheduler-utils';
import { connect, createDataItemSigner } from '@permaweb/aoconnect';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGateway, type TestGateway } from './support.ts';

const signer = ethereumSigner(randomBytes(32));

const tagsOf = (tags: Record<string, string>): Tag[] =>
  Object.entries(tags).map(([name, value]) => ({ name, value }));

async function publish(gateway: TestGateway, tags: Record<string, string>, by = signer): Promise<string> {
  const { id } = await gateway.upload(await createDataItem({ data: 'x', tags: tagsOf(tags) }, by));
  return id;
}

const publishLocation = (gateway: TestGateway, url: string, by = signer) =>
  publish(
    gateway,
    {
      'Data-Protocol': 'ao',
      Type: 'Scheduler-Location',
      Variant: 'ao.TN.1',
      Url: url,
      'Time-To-Live': '5000',
    },
    by,
  );

/** An HTTP server that answers every request with this JSON, and keeps what was posted to it. */
async function answering(json: unknown): Promise<{ url: string; bodies: Buffer[] }> {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

describe('aoconnect', () => {
  it('finds the module it spawns a process of', async () => {
    const gateway = await startGateway();
    const module = await publish(gateway, {
      'Data-Protocol': 'ao',
      Type: 'Module',
      'Module-Format': 'wasm32-unknown-emscripten4',
      'Input-Encoding': 'JSON-V1',
      'Output-Encoding': 'JSON-V1',
    });
    const notAModule = await publish(gateway, { 'Data-Protocol': 'ao', Type: 'Message' });
    const messenger = await answering({ id: 'spawned' });
    const { spawn } = connect({
      MODE: 'legacy',
      GATEWAY_URL: gateway.url,
      MU_URL: messenger.url,
      CU_URL: messenger.url,
    });
    const key = createDataItemSigner(await generateWallet());
    const id = await spawn({ module, scheduler: signer.address, signer: key });
    expect(id).toMatch(/^[\w-]{43}$/);
    // What the messenger was sent is something this gateway takes, too.
    const [raw] = messenger.bodies;
    expect(await gateway.upload({ raw: raw ?? Buffer.alloc(0) })).toMatchObject({ id });
    await expect(spawn({ module: notAModule, scheduler: signer.address, signer: key })).rejects.toThrow();
    expect(messenger.bodies).toHaveLength(1);
  });
});

describe('scheduler-utils', () => {
  it('locates the newest record of a scheduler, pending or not', async () => {
    const gateway = await startGateway();
    const { locate, validate, raw } = schedulerUtils({
      GRAPHQL_URL: `${gateway.url}/graphql`,
      cacheSize: 10,
      followRedirects: false,
    });
    await publishLocation(gateway, 'http://old.example');
    await gateway.get('/mine');
    await publishLocation(gateway, 'http://new.example');
    await publishLocation(gateway, 'http://foreign.example', ethereumSigner(randomBytes(32)));
    const process = await publish(gateway, {
      'Data-Protocol': 'ao',
      Type: 'Process',
      Scheduler: signer.address,
    });
    expect(await locate(process, signer.address)).toEqual({
      url: 'http://new.example',
      address: signer.address,
    });
    expect(await raw(signer.address)).toMatchObject({ url: 'http://new.example' });
    expect(await validate(signer.address)).toBe(true);
    await expect(validate(Buffer.alloc(32, 3).toString('base64url'))).rejects.toThrow('Could not find');
  });
});

describe('the clients of the units', () => {
  it('upload, look up and read', async () => {
    const gateway = await startGateway();
    const http = new HttpClient();
    onTestFinished(() => http.close());
    const client = new GatewayClient(http, gateway.url);
    const item = await createDataItem({ data: 'body', tags: tagsOf({ Type: 'Process' }) }, signer);
    expect(await new UploaderClient(http, gateway.url).upload(item.raw)).toBe(item.id);
    expect(await client.transaction(item.id)).toMatchObject({
      id: item.id,
      owner: { address: signer.address },
      tags: [{ name: 'Type', value: 'Process' }],
      block: null,
    });
    expect(await client.transaction(Buffer.alloc(32).toString('base64url'))).toBeUndefined();
    expect(Buffer.from(await client.data(item.id)).toString()).toBe('body');
    await expect(client.data(Buffer.alloc(32).toString('base64url'))).rejects.toMatchObject({
      code: 'TRANSACTION.NOT_FOUND',
    });
    await publishLocation(gateway, 'http://scheduler.example/');
    expect(await client.schedulerLocation(signer.address)).toEqual({
      url: 'http://scheduler.example',
      timeToLiveMs: 5000,
    });
    expect(await client.byTags(tagsOf({ Type: 'Process' }), 5)).toHaveLength(1);
    await gateway.get('/mine/4');
    expect(await client.height()).toBe(1_650_004);
    expect(await client.status(item.id)).toEqual({ block_height: 1_650_001, number_of_confirmations: 4 });
  });
});

describe('arbundles', () => {
  it('makes items and bundles that are understood', async () => {
    const gateway = await startGateway();
    const jwk = await generateWallet();
    const key = new ArweaveSigner(jwk);
    const { address } = arweaveSigner(jwk);
    const items = ['one', 'two'].map((data) =>
      createData(data, key, { tags: [{ name: 'Data', value: data }], target: address }),
    );
    const bundle = await bundleAndSignData(items, key);
    const tags = tagsOf({ 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' });
    const carrier = createData(bundle.getRaw(), key, { tags });
    await carrier.sign(key);
    await gateway.upload({ raw: carrier.getRaw() });
    const { transactions } = await gateway.query<{
      transactions: { edges: { node: { id: string; tags: Tag[]; bundledIn: { id: string } } }[] };
    }>(
      `query ($to: [String!]) { transactions(recipients: $to, sort: HEIGHT_ASC) {
         edges { node { id tags { name value } bundledIn { id } } } } }`,
      { to: [address] },
    );
    expect(transactions.edges.map(({ node }) => node)).toEqual(
      ['one', 'two'].map((value, n) => ({
        id: bundle.items[n]?.id,
        tags: [{ name: 'Data', value }],
        bundledIn: { id: carrier.id },
      })),
    );
  });
});
