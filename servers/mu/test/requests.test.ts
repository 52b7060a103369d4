import { createDataItem } from '@ao-ts/core/ans104';
import { expect, test } from 'vitest';
import { id } from './fake-network.ts';
import { mu, network, restart, useUnit } from './unit.ts';

useUnit();

test('of several Type tags the first that is Process or Message decides', async () => {
  const process = network.addProcess();
  const item = await createDataItem(
    {
      target: process,
      tags: ['Other', 'Message', 'Process']
        .map((value) => ({ name: 'Type', value }))
        .concat(['other', 'ao'].map((value) => ({ name: 'Data-Protocol', value }))),
    },
    network.client,
  );
  expect((await mu.post(item, '/?of=no&interest')).status).toBe(202);
  expect(network.items(process)).toHaveLength(1);
});

test('a process is never looked up, and needs no gateway if its scheduler is the configured one', async () => {
  network.su.fault = ({ method, url }) =>
    method === 'GET' && url.pathname === '/'
      ? { status: 200, body: { address: network.schedulerAddress, timestamp: '1' } }
      : undefined;
  const item = await network.process();
  expect((await mu.post(item)).status).toBe(202);
  expect((await mu.post(await network.message(item.id))).status).toBe(202);
  expect(network.gateway.requests).toEqual([]);
  expect(network.su.requests.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
    'GET /',
    'POST /',
    'POST /',
  ]);
});

test('the unit starts while no other unit is there', async () => {
  await Promise.all([network.gateway, network.su, network.cu, network.uploader].map((unit) => unit.stop()));
  await restart();
  expect((await fetch(`${mu.url}/health`)).status).toBe(200);
  expect((await mu.post(await network.message(id()))).status).toBe(502);
});

test('a client may say From-Process: the authority of who signed is what processes check', async () => {
  const process = network.addProcess();
  const item = await network.message(process, [{ name: 'From-Process', value: id() }]);
  expect((await mu.post(item)).status).toBe(202);
});

test('the root page, health and metrics answer', async () => {
  const root = await fetch(mu.url);
  expect([root.status, root.headers.get('content-type'), await root.text()]).toEqual([
    200,
    expect.stringContaining('text/html'),
    'ao messenger unit',
  ]);
  expect((await fetch(`${mu.url}/health`)).status).toBe(200);
  expect(await (await fetch(`${mu.url}/metrics`)).text()).toContain('ao_mu_pending 0');
  expect((await fetch(`${mu.url}/messages/${id()}`)).status).toBe(404);
  const preflight = await fetch(mu.url, {
    method: 'OPTIONS',
    headers: { origin: 'http://page', 'access-control-request-method': 'POST' },
  });
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
  const methods = preflight.headers.get('access-control-allow-methods')?.split(', ').sort();
  expect(methods).toEqual(['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT']);
  expect((await fetch(mu.url, { method: 'OPTIONS' })).status).toBe(204);
  const unknown = await fetch(`${mu.url}/no/such/route`);
  expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: 'REQUEST.ROUTE' }]);
});
