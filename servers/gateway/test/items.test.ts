import { randomBytes } from 'node:crypto';
import { createBundle, createDataItem, type DataItem, ethereumSigner } from '@ao-ts/core/ans104';
import { describe, expect, it } from 'vitest';
import { startGateway, temporaryFolder } from './support.ts';

const signer = ethereumSigner(randomBytes(32));

const item = (data: string | Uint8Array, tags: Record<string, string> = {}, target?: string) =>
  createDataItem(
    {
      data,
      tags: Object.entries(tags).map(([name, value]) => ({ name, value })),
      ...(target ? { target } : {}),
    },
    signer,
  );

const bundle = (items: DataItem[]) =>
  item(createBundle(items), { 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' });

describe('data items', () => {
  it('are taken by /tx, /tx/arweave and given back as they were', async () => {
    const gateway = await startGateway();
    for (const path of ['/tx', '/tx/arweave']) {
      const sent = await item(`by ${path}`, { 'Content-Type': 'text/plain' });
      const answer = await gateway.post(path, sent.raw);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ id: sent.id, owner: signer.address });
      for (const raw of [`/${sent.id}`, `/raw/${sent.id}`]) {
        const response = await gateway.get(raw);
        expect(response.headers.get('content-type')).toBe('text/plain');
        expect(await response.text()).toBe(`by ${path}`);
      }
    }
  });

  it('are known by GraphQL with everything they have', async () => {
    const gateway = await startGateway();
    const target = signer.address;
    const sent = await createDataItem(
      { data: 'hello', tags: [{ name: 'Type', value: 'Message' }], target, anchor: 'a'.repeat(32) },
      signer,
    );
    await gateway.upload(sent);
    await gateway.get('/mine');
    const { transaction } = await gateway.query<{ transaction: unknown }>(
      `query ($id: ID!) { transaction(id: $id) { id anchor signature recipient owner { address key }
         fee { winston ar } quantity { winston } data { size type } tags { name value }
         block { height timestamp } parent { id } bundledIn { id } } }`,
      { id: sent.id },
    );
    expect(transaction).toEqual({
      id: sent.id,
      anchor: Buffer.from('a'.repeat(32)).toString('base64url'),
      signature: Buffer.from(sent.signature).toString('base64url'),
      recipient: target,
      owner: { address: signer.address, key: Buffer.from(signer.owner).toString('base64url') },
      fee: { winston: '0', ar: '0.000000000000' },
      quantity: { winston: '0' },
      data: { size: '5', type: null },
      tags: [{ name: 'Type', value: 'Message' }],
      block: { height: 1_650_001, timestamp: expect.any(Number) },
      parent: null,
      bundledIn: null,
    });
  });

  it('are taken once', async () => {
    const gateway = await startGateway();
    const sent = await item('twice');
    await gateway.upload(sent);
    await gateway.upload(sent);
    const { transactions } = await gateway.query<{ transactions: { count: string } }>(
      '{ transactions { count } }',
    );
    expect(transactions.count).toBe('1');
  });

  it('are refused with a sentence when the signature does not fit', async () => {
    const gateway = await startGateway();
    const sent = await item('signed');
    const changed = Uint8Array.from(sent.raw);
    changed[changed.length - 1] = 0;
    const answer = await gateway.post('/tx', changed);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: expect.stringContaining('changed after it was signed'),
    });
    expect((await gateway.get(`/${sent.id}`)).status).toBe(404);
  });

  it('are refused wherever they are cut off', async () => {
    const gateway = await startGateway();
    const sent = await item('x', { Name: 'value' });
    const lengths = Array.from({ length: sent.raw.length }, (_, length) => length);
    const statuses = await Promise.all(
      lengths.map(async (length) => (await gateway.post('/tx', sent.raw.slice(0, length))).status),
    );
    expect(new Set(statuses)).toEqual(new Set([400]));
  });

  it('may be as large as configured, not larger', async () => {
    const gateway = await startGateway({ env: { MAX_UPLOAD_BYTES: '600000' } });
    const fits = await item(randomBytes(590_000));
    await gateway.upload(fits);
    expect(Buffer.from(await (await gateway.get(`/${fits.id}`)).arrayBuffer())).toEqual(
      Buffer.from(fits.data),
    );
    const large = await item(randomBytes(600_000));
    expect((await gateway.post('/tx', large.raw)).status).toBe(413);
    const unannounced = await fetch(`${gateway.url}/tx`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Blob([large.raw as Uint8Array<ArrayBuffer>]).stream(),
      duplex: 'half',
    });
    expect(unannounced.status).toBe(413);
  });
});

describe('bundles', () => {
  it.each([
    ['small', 100],
    ['large', 400_000],
  ])('%s ones are opened, nested ones too', async (_size, bytes) => {
    const gateway = await startGateway();
    const [first, second, third] = [
      await item(randomBytes(bytes), { Name: 'first' }),
      await item('second', { Name: 'second' }),
      await item(randomBytes(bytes), { Name: 'third' }),
    ];
    const inner = await bundle([second, third]);
    const outer = await bundle([first, inner]);
    expect((await gateway.upload(outer)).warnings).toBeUndefined();
    for (const [one, parent] of [
      [first, outer],
      [inner, outer],
      [second, inner],
      [third, inner],
    ] as const) {
      const response = await gateway.get(`/raw/${one.id}`);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(one.data));
      const { transaction } = await gateway.query<{ transaction: unknown }>(
        'query ($id: ID!) { transaction(id: $id) { bundledIn { id } } }',
        { id: one.id },
      );
      expect(transaction).toEqual({ bundledIn: { id: parent.id } });
    }
    const { transactions } = await gateway.query<{ transactions: { edges: { node: { id: string } }[] } }>(
      'query ($in: [ID!]) { transactions(bundledIn: $in, sort: HEIGHT_ASC) { edges { node { id } } } }',
      { in: [inner.id] },
    );
    expect(transactions.edges.map(({ node }) => node.id)).toEqual([second.id, third.id]);
  });

  it('are taken without what is wrong in them, and say so', async () => {
    const gateway = await startGateway();
    const good = await item('good');
    const bad = await item('evil');
    const body = createBundle([good, bad]);
    body[body.length - 1] = 0;
    const outer = await item(body, { 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' });
    const { warnings } = await gateway.upload(outer);
    expect(warnings).toEqual([expect.stringContaining(bad.id)]);
    expect((await gateway.get(`/${good.id}`)).status).toBe(200);
    expect((await gateway.get(`/${bad.id}`)).status).toBe(404);
  });

  it('that announce more than there is are kept as data', async () => {
    const gateway = await startGateway();
    for (const count of [2n, 2n ** 40n, 2n ** 63n]) {
      const body = Buffer.alloc(96);
      body.writeBigUInt64LE(count);
      const sent = await item(body, { 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' });
      expect((await gateway.upload(sent)).warnings).toEqual([expect.stringContaining('shorter')]);
      expect((await gateway.get(`/${sent.id}`)).status).toBe(200);
    }
  });
});

describe('bundles that ask too much', () => {
  it('are opened to a depth', async () => {
    const gateway = await startGateway();
    const levels = [await item('innermost')];
    for (let depth = 0; depth < 10; depth++) levels.push(await bundle(levels.slice(-1)));
    const { warnings } = await gateway.upload(levels.at(-1) as DataItem);
    expect(warnings).toEqual([expect.stringContaining('nested 8 deep')]);
    const there = await Promise.all(levels.map(async ({ id }) => (await gateway.get(`/${id}`)).status));
    expect(there).toEqual([404, 404, 200, 200, 200, 200, 200, 200, 200, 200, 200]);
  });

  it('are kept unopened when they list too many items', async () => {
    const gateway = await startGateway();
    const body = Buffer.alloc(32 + 20_001 * 64);
    body.writeUInt32LE(20_001);
    const sent = await item(body, { 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' });
    expect((await gateway.upload(sent)).warnings).toEqual([expect.stringContaining('20000 items')]);
  });

  it('say only the first of what is wrong with their items', async () => {
    const gateway = await startGateway();
    const body = Buffer.alloc(32 + 1000 * 64);
    body.writeUInt32LE(1000);
    const sent = await item(body, { 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' });
    expect((await gateway.upload(sent)).warnings).toHaveLength(20);
  });

  it('are not believed about the ids of their items', async () => {
    const gateway = await startGateway();
    const [real, claimed] = [await item('real'), await item('claimed')];
    const body = createBundle([real]);
    Buffer.from(claimed.id, 'base64url').copy(body, 64);
    const sent = await item(body, { 'Bundle-Format': 'binary', 'Bundle-Version': '2.0.0' });
    expect((await gateway.upload(sent)).warnings).toEqual([expect.stringContaining(claimed.id)]);
    for (const { id } of [real, claimed]) expect((await gateway.get(`/${id}`)).status).toBe(404);
  });
});

describe('after a restart', () => {
  it('everything is still there, and time went on', async () => {
    const dataDir = await temporaryFolder();
    const small = await item('small', { Name: 'small' });
    const large = await item(randomBytes(500_000), { Name: 'large' });
    const before = await startGateway({ dataDir });
    await before.upload(small);
    await before.upload(large);
    await before.get('/mine/7');
    await before.stop();
    const after = await startGateway({ dataDir });
    expect(await (await after.get('/info')).json()).toMatchObject({ height: 1_650_007 });
    for (const one of [small, large]) {
      const response = await after.get(`/${one.id}`);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(one.data));
    }
    expect(await (await after.get(`/tx/${small.id}/status`)).json()).toMatchObject({
      block_height: 1_650_001,
      number_of_confirmations: 7,
    });
  });
});
