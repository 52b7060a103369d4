import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { createDataItem, ethereumSigner, type Tag } from '@ao-ts/core/ans104';
import { describe, expect, it, vi } from 'vitest';
import { startGateway, temporaryFolder } from './support.ts';

const signer = ethereumSigner(randomBytes(32));
const UNKNOWN = Buffer.alloc(32, 9).toString('base64url');

const item = (data: string | Uint8Array, tags: Tag[] = []) => createDataItem({ data, tags }, signer);

describe('data', () => {
  it.each([
    ['small', 1000],
    ['large', 400_000],
  ])('of a %s item is given in ranges', async (_size, size) => {
    const gateway = await startGateway();
    const bytes = randomBytes(size);
    const { id } = await gateway.upload(await item(bytes));
    const ranges: [string, number, number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=10-99', 10, 100],
      ['bytes=900-', 900, size],
      ['bytes=-100', size - 100, size],
      [`bytes=990-${size + 5000}`, 990, size],
      [`bytes=-${size * 2}`, 0, size],
    ];
    for (const [range, start, end] of ranges) {
      for (const path of [`/${id}`, `/raw/${id}`]) {
        const answer = await gateway.get(path, { headers: { range } });
        expect(answer.status).toBe(206);
        expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${size}`);
        expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes.subarray(start, end));
      }
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0', `bytes=${'9'.repeat(30)}-`]) {
      const answer = await gateway.get(`/${id}`, { headers: { range } });
      expect(answer.status).toBe(416);
      expect(answer.headers.get('content-range')).toBe(`bytes */${size}`);
      await answer.text();
    }
    for (const range of ['bytes=5-2', 'bytes=-', 'bytes=a-b', 'items=0-1', 'bytes=0-1,4-5']) {
      const answer = await gateway.get(`/${id}`, { headers: { range } });
      expect(answer.status).toBe(200);
      expect((await answer.arrayBuffer()).byteLength).toBe(size);
    }
  });

  it('is described by HEAD', async () => {
    const gateway = await startGateway();
    const { id } = await gateway.upload(await item(randomBytes(300_000)));
    for (const path of [`/${id}`, `/raw/${id}`]) {
      const answer = await gateway.get(path, { method: 'HEAD' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-length')).toBe('300000');
      expect(answer.headers.get('accept-ranges')).toBe('bytes');
      expect(await answer.text()).toBe('');
    }
    expect((await gateway.get(`/${UNKNOWN}`, { method: 'HEAD' })).status).toBe(404);
  });

  it('comes with the tags a unit reads from headers', async () => {
    const gateway = await startGateway();
    const tags = [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Process' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Module', value: UNKNOWN },
      { name: 'Scheduler', value: signer.address },
      { name: 'Type', value: 'second' },
      { name: 'Content-Type', value: 'text/html; charset=utf-8' },
      { name: 'Content-Encoding', value: 'gzip' },
      { name: 'Set-Cookie', value: 'a=b' },
      { name: 'Transfer-Encoding', value: 'chunked' },
      { name: 'Line', value: 'a\r\nInjected: yes' },
      { name: 'Title', value: 'żółw' },
      { name: 'No Token', value: 'x' },
    ];
    const { id } = await gateway.upload(await item('<p>', tags));
    const { headers } = await gateway.get(`/${id}`);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'data-protocol': 'ao',
      module: UNKNOWN,
      scheduler: signer.address,
      type: 'Process',
      variant: 'ao.TN.1',
    });
    for (const name of ['content-encoding', 'set-cookie', 'transfer-encoding', 'line', 'injected', 'title']) {
      expect(headers.get(name)).toBeNull();
    }
  });

  it('of nothing is nothing', async () => {
    const gateway = await startGateway();
    const { id } = await gateway.upload(await item(''));
    const answer = await gateway.get(`/${id}`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('');
    expect((await gateway.get(`/${id}`, { headers: { range: 'bytes=0-' } })).status).toBe(416);
  });

  it('is there as base64url, too', async () => {
    const gateway = await startGateway();
    const { id } = await gateway.upload(await item('text'));
    expect(await (await gateway.get(`/tx/${id}/data`)).text()).toBe('dGV4dA');
  });
});

describe('what is not there', () => {
  it.each(['/', '/raw/', '/tx/'].map((path) => path + UNKNOWN))('%s is 404 with a sentence', async (path) => {
    const gateway = await startGateway();
    const answer = await gateway.get(path);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: expect.stringContaining(UNKNOWN) });
  });

  it.each([
    ['/block/height/1', 404],
    ['/block/height/99999999', 404],
    ['/block/height/-1', 400],
    ['/block/hash/unknown', 404],
    ['/chunk/1', 404],
    ['/not-an-id', 400],
    ['/price/x', 400],
    ['/mine/x', 400],
    ['/mine/0', 400],
    ['/mine/1e9', 400],
    ['/wallet/x/balance', 400],
    [`/mint/${UNKNOWN}/-5`, 400],
    [`/tx/${UNKNOWN}/status`, 404],
  ])('%s is %i', async (path, status) => {
    const gateway = await startGateway();
    const answer = await gateway.get(path);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: expect.stringMatching(/\w/) });
  });
});

describe('the chain', () => {
  it('is described by /info and walked by blocks', async () => {
    const gateway = await startGateway({ env: { START_HEIGHT: '1700000' } });
    expect(await (await gateway.post('/mine/2', {})).json()).toMatchObject({ height: 1_700_002 });
    const read = async (path: string) =>
      (await (await gateway.get(path)).json()) as Record<string, string | number>;
    const info = await read('/info');
    const block = await read('/block/current');
    expect(block).toMatchObject({ height: 1_700_002, indep_hash: info.current, txs: [] });
    const before = await read(`/block/hash/${block.previous_block}`);
    expect(before).toEqual(await read('/block/height/1700001'));
    expect(before.height).toBe(1_700_001);
    expect(await (await gateway.get('/tx_anchor')).text()).toBe(info.current);
  });

  it('advances by time', async () => {
    let now = 1_700_000_000_000;
    const gateway = await startGateway({ env: { BLOCK_TIME_MS: '2000' }, clock: () => now });
    const { id } = await gateway.upload(await item('x'));
    expect((await gateway.get(`/tx/${id}/status`)).status).toBe(202);
    now += 2000;
    expect(await (await gateway.get(`/tx/${id}/status`)).json()).toMatchObject({
      block_height: 1_650_001,
      number_of_confirmations: 1,
    });
    now += 20_000;
    expect(await (await gateway.get(`/tx/${id}/status`)).json()).toMatchObject({
      block_height: 1_650_001,
      number_of_confirmations: 11,
    });
  });

  it('asks no price', async () => {
    const gateway = await startGateway();
    for (const path of ['/price/1000', `/price/1000/${UNKNOWN}`]) {
      expect(await (await gateway.get(path)).text()).toBe('0');
    }
  });
});

describe('the server', () => {
  it('answers browsers, health checks and scrapers', async () => {
    const gateway = await startGateway();
    expect((await gateway.get('/health')).status).toBe(200);
    expect(await (await gateway.get('/metrics')).text()).toContain('ao_gateway_height 1650000');
    const preflight = await gateway.get('/graphql', {
      method: 'OPTIONS',
      headers: { origin: 'https://example.com', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('forgets an upload that breaks off', async () => {
    const dataDir = await temporaryFolder();
    const gateway = await startGateway({ dataDir });
    const files = () => readdir(join(dataDir, 'blobs'));
    const client = request(`${gateway.url}/tx`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', 'content-length': 1_000_000 },
    });
    client.on('error', () => {});
    client.write(randomBytes(500_000));
    await vi.waitFor(async () => expect(await files()).toHaveLength(1));
    client.destroy();
    await vi.waitFor(async () => expect(await files()).toHaveLength(0));
    expect((await gateway.get('/info')).status).toBe(200);
  });
});
