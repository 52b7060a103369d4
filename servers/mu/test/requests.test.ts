import { randomBytes } from 'node:crypto';
import { AoError } from '@ao-ts/core';
import { createDataItem } from '@ao-ts/core/ans104';
import { GatewayClient, HttpClient, ProcessDirectory } from '@ao-ts/server-kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqliteLedger } from '../src/stores/sqlite-ledger.ts';
import { FakeNetwork, id, send } from './fake-network.ts';
import { FakeUnit } from './fake-unit.ts';
import { type MuClient, startUnit, temporaryDb } from './unit.ts';

let network: FakeNetwork;
let mu: MuClient;

beforeEach(async () => {
  network = await new FakeNetwork().start();
  mu = await startUnit(network);
});

afterEach(async () => {
  await mu[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const NOT_AN_ITEM = "'body': A valid and signed data item must be provided as the body.";
const writes = () => network.su.requests.filter(({ method }) => method === 'POST');

describe('what is refused is refused in words a person can act on, and leaves nothing behind', () => {
  const signed = (content: Parameters<typeof createDataItem>[0]) => createDataItem(content, network.client);
  const ao = { name: 'Data-Protocol', value: 'ao' };
  const type = (value: string) => ({ name: 'Type', value });

  afterEach(async () => {
    expect(writes()).toEqual([]);
    expect(await mu.get('/status')).toEqual({ pending: 0, unsure: 0, dead: 0 });
  });

  test('junk, nothing, another content type, a changed item', async () => {
    const item = await network.message(network.addProcess());
    const changed = Buffer.from(item.raw);
    changed[changed.length - 1] = 1;
    for (const body of [new Uint8Array(0), randomBytes(2000), changed]) {
      expect(await mu.post(body)).toMatchObject({ status: 400, body: { error: NOT_AN_ITEM } });
    }
    for (const contentType of ['text/plain', 'application/json']) {
      const response = await fetch(mu.url, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body: Buffer.from(item.raw),
      });
      expect([response.status, await response.json()]).toMatchObject([400, { error: NOT_AN_ITEM }]);
    }
  });

  test('tags that are missing, or in lower case', async () => {
    const target = network.addProcess();
    const protocol = "Tag 'Data-Protocol': must contain 'ao'";
    const cases: [Parameters<typeof createDataItem>[0], string][] = [
      [{ target, tags: [type('Message')] }, protocol],
      [{ target, tags: [{ name: 'data-protocol', value: 'ao' }, type('Message')] }, protocol],
      [{ target, tags: [ao] }, "Tag 'Type': must be either 'Process' or 'Message'"],
      [{ target, tags: [ao, type('Other')] }, "Tag 'Type': must be either 'Process' or 'Message'"],
      [{ tags: [ao, type('Process')] }, "No Scheduler tag found on 'Process' DataItem"],
      [{ tags: [ao, type('Message')] }, 'A message needs a target: the id of the process it is for.'],
    ];
    for (const [content, error] of cases) {
      expect(await mu.post(await signed(content))).toMatchObject({ status: 400, body: { error } });
    }
  });

  test('a target nobody knows, a scheduler without a location', async () => {
    const unknown = await mu.post(await network.message(id()));
    expect(unknown).toMatchObject({ status: 404, body: { code: 'PROCESS.NOT_FOUND' } });
    const item = await signed({ tags: [ao, type('Process'), { name: 'Scheduler', value: id() }] });
    expect(await mu.post(item)).toMatchObject({ status: 400, body: { code: 'SCHEDULER.NOT_FOUND' } });
  });

  test('half an assignment, an assignment to what is no process', async () => {
    const text = 'You must set both process-id and assign to send an assignment, not just one';
    for (const path of [`/?process-id=${id()}`, `/?assign=${id()}`]) {
      expect(await mu.post(new Uint8Array(0), path)).toMatchObject({ status: 400, body: { error: text } });
    }
    const path = `/?process-id=${id()}&assign=${id()}`;
    expect(await mu.post(new Uint8Array(0), path)).toMatchObject({ status: 404 });
  });

  test('what is larger than 10 MiB', async () => {
    expect((await mu.post(new Uint8Array(10 * 1024 * 1024 + 1))).status).toBe(413);
  });
});

test('of several Type tags the first that is Process or Message decides', async () => {
  const process = network.addProcess();
  const item = await createDataItem(
    {
      target: process,
      tags: ['Other', 'Message', 'Process']
        .map((value) => ({ name: 'Type', value }))
        .concat({ name: 'Data-Protocol', value: 'ao' }),
    },
    network.client,
  );
  expect((await mu.post(item)).status).toBe(202);
  expect(network.items(process)).toHaveLength(1);
});

test('a process is never looked up, and needs no gateway if its scheduler is the configured one', async () => {
  network.su.fault = ({ method, url }) =>
    method === 'GET' && url.pathname === '/'
      ? { status: 200, body: { address: network.schedulerAddress, timestamp: '1' } }
      : undefined;
  expect((await mu.post(await network.process())).status).toBe(202);
  expect(network.gateway.requests).toEqual([]);
  expect(network.su.requests.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
    'GET /',
    'POST /',
  ]);
});

test('a client may say From-Process: the authority of who signed is what processes check', async () => {
  const process = network.addProcess();
  const item = await network.message(process, [{ name: 'From-Process', value: id() }]);
  expect((await mu.post(item)).status).toBe(202);
});

describe('the scheduler', () => {
  test('decides about what it alone knows, is asked once, and may answer no more than an id', async () => {
    const noModule = await createDataItem(
      {
        tags: [
          { name: 'Data-Protocol', value: 'ao' },
          { name: 'Type', value: 'Process' },
          { name: 'Scheduler', value: network.schedulerAddress },
        ],
      },
      network.client,
    );
    expect(await mu.post(noModule)).toMatchObject({ status: 400, body: { error: 'No Module tag' } });
    const process = network.addProcess();
    network.su.fault = ({ method, url }) =>
      method === 'POST' && url.searchParams.has('assign')
        ? { status: 409, body: { error: 'no' } }
        : undefined;
    const before = writes().length;
    const assigned = await mu.post(new Uint8Array(0), `/?process-id=${process}&assign=${id()}`);
    expect([assigned.status, assigned.body.error, writes().length]).toEqual([409, 'no', before + 1]);
    network.su.fault = ({ method }) =>
      method === 'POST' ? { status: 200, body: { id: 'other' } } : undefined;
    const item = await network.message(process);
    expect(await mu.post(item)).toMatchObject({ status: 202, body: { id: item.id } });
  });

  test('that refuses is quoted, with its status', async () => {
    const item = await network.message(network.addProcess());
    network.su.fault = ({ method }) =>
      method === 'POST' ? { status: 413, body: { error: 'Message size exceeds maximum' } } : undefined;
    expect(await mu.post(item)).toMatchObject({
      status: 413,
      body: { error: 'Message size exceeds maximum', code: 'SCHEDULER.REFUSED' },
    });
    expect(await mu.get('/status')).toEqual({ pending: 0, unsure: 0, dead: 0 });
  });

  test('that redirects is followed', async () => {
    const process = network.addProcess();
    const { url } = network.su;
    for (const status of [301, 302, 307, 308]) {
      network.su.fault = (request) =>
        request.method === 'POST' && !request.url.searchParams.has('there')
          ? { status, headers: { location: `${url}/?there&${request.url.searchParams}` } }
          : undefined;
      expect((await mu.post(await network.message(process))).status).toBe(202);
      const path = `/?process-id=${process}&assign=${id()}`;
      expect((await mu.post(new Uint8Array(0), path)).status).toBe(202);
    }
    expect(network.schedule.get(process)).toHaveLength(9);
  });

  test('that fails for a moment is asked again, and the client sees nothing of it', async () => {
    const process = network.addProcess();
    let failures = 1;
    network.su.fault = ({ method }) => (method === 'POST' && failures-- > 0 ? { status: 503 } : undefined);
    expect((await mu.post(await network.message(process))).status).toBe(202);
  });

  test('that surely did not take it is reported, and nothing is sent later', async () => {
    const process = network.addProcess();
    const item = await network.message(process);
    network.su.fault = ({ method }) => (method === 'POST' ? { status: 503 } : undefined);
    expect((await mu.post(item)).status).toBe(502);
    expect((await mu.post(await network.message(network.addProcess()))).status).toBe(502);
    await network.su.stop();
    expect((await mu.post(item)).status).toBe(502);
    expect(await mu.get('/status')).toEqual({ pending: 0, unsure: 0, dead: 0 });
  });

  test('whose answer about a process is lost, or that has it from elsewhere: it boots once', async () => {
    const receiver = network.addProcess();
    network.spawned = () => ({ Messages: [send(receiver)] });
    const [lost, known] = [
      await network.process(),
      await network.process([{ name: 'Name', value: 'known' }]),
    ];
    network.su.fault = ({ method, url }) => {
      if (method === 'POST') return 'break-after';
      return url.pathname.startsWith('/processes') ? { status: 500 } : undefined;
    };
    expect((await mu.post(lost)).status).toBe(502);
    network.su.fault = () => undefined;
    while (network.items(receiver).length === 0) await mu.get('/status');
    await (await fetch(network.su.url, { method: 'POST', body: Buffer.from(known.raw) })).text();
    expect((await mu.post(known)).status).toBe(202);
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    expect(network.items(receiver).map((item) => item.tag('From-Process'))).toEqual([lost.id, known.id]);
  });

  test('whose answer is lost: the client is told, and what was scheduled after all is seen to', async () => {
    const receiver = network.addProcess();
    const process = network.addProcess(() => ({ Messages: [send(receiver)] }));
    const item = await network.message(process);
    network.su.fault = ({ method }) => (method === 'POST' ? 'break-after' : undefined);
    expect((await mu.post(item)).status).toBe(502);
    network.su.fault = () => undefined;
    while (network.items(receiver).length === 0) await mu.get('/status');
    expect(network.items(process)).toHaveLength(1);
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    expect(network.items(receiver)).toHaveLength(1);
  });
});

describe('a scheduler that has moved is found at its new place', () => {
  test.each(['is gone', 'does not know the process any more'])('when the old one %s', async (how) => {
    await using front = new FakeUnit(() => ({ status: 404, body: { error: 'Process not found' } }));
    await front.start();
    const dbPath = await temporaryDb();
    const http = new HttpClient();
    const gateway = new GatewayClient(http, network.gateway.url);
    const options = { http, gateway, schedulerUrl: front.url, minLocationAgeMs: 0 };
    const again = async () => {
      await mu[Symbol.asyncDispose]();
      mu = await startUnit(network, { dbPath, directory: new ProcessDirectory(options) });
    };
    await again();
    const receiver = network.addProcess();
    network.spawned = ({ nonce }) => (nonce === 0 ? {} : { Messages: [send(receiver)] });
    const process = await network.process();
    expect((await mu.post(process)).status).toBe(202);
    await mu.settled();

    const port = Number(new URL(network.su.url).port);
    await network.su.stop();
    await network.su.start();
    await again();
    await using old = new FakeUnit(() => ({ status: 400, body: { error: 'Process not found' } }));
    if (how !== 'is gone') await old.start(port);
    expect((await mu.post(await network.message(process.id))).status).toBe(202);
    expect(network.items(process.id)).toHaveLength(1);
    await http.close();
  });
});

test('a directory that does not answer is not a target nobody knows', async () => {
  const item = await network.message(id());
  for (const unit of [network.gateway, network.su]) {
    for (const fault of [{ status: 500 }, { status: 200, body: '<html>' }, 'break-before'] as const) {
      unit.fault = () => fault;
      expect([502, 503]).toContain((await mu.post(item)).status);
    }
    unit.fault = () => undefined;
  }
  expect((await mu.post(item)).status).toBe(404);
  expect(await mu.get('/status')).toEqual({ pending: 0, unsure: 0, dead: 0 });
});

test('what the scheduler took while the ledger could not be written is not forgotten', async () => {
  const ledger = new SqliteLedger(':memory:', Date.now);
  const scheduled = ledger.scheduled.bind(ledger);
  let failures = 3;
  ledger.scheduled = async (...delivery) => {
    const cause = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    if (failures-- > 0) throw new AoError('STORE.FAILED', 'away', { action: 'retry', cause });
    return scheduled(...delivery);
  };
  await mu[Symbol.asyncDispose]();
  mu = await startUnit(network, { ledger });
  const receiver = network.addProcess();
  const process = network.addProcess(() => ({ Messages: [send(receiver)] }));
  expect((await mu.post(await network.message(process))).status).toBe(503);
  while (network.items(receiver).length === 0) await mu.get('/status');
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
  expect([network.items(process).length, network.items(receiver).length]).toEqual([1, 1]);
});

test('an assignment that a client asks for again while it is taken up after a crash is made once', async () => {
  const process = network.addProcess();
  const transaction = id();
  const dbPath = await temporaryDb();
  const before = new SqliteLedger(dbPath, Date.now);
  const key = `assign/${process}/${transaction}`;
  const plan = { messageId: transaction, baseLayer: false, exclude: [] };
  await before.accept({ key, lane: key, kind: 'assignment', target: process, depth: 0, plan });
  await before.close();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<undefined>();
  network.su.fault = ({ method, url }) => {
    if (method !== 'GET' || url.pathname !== `/${transaction}`) return undefined;
    asked.resolve();
    return answer.promise;
  };
  await mu[Symbol.asyncDispose]();
  mu = await startUnit(network, { dbPath });
  await asked.promise;
  const again = mu.post(new Uint8Array(0), `/?process-id=${process}&assign=${transaction}`);
  // Time enough for the second request to come as far as the first.
  for (let i = 0; i < 20; i++) await mu.get('/status');
  answer.resolve(undefined);
  expect((await again).status).toBe(202);
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
  expect(network.schedule.get(process)?.map(({ messageId }) => messageId)).toEqual([process, transaction]);
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
});
