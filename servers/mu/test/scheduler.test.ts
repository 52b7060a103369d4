import { AoError } from '@ao-ts/core';
import { createDataItem } from '@ao-ts/core/ans104';
import { GatewayClient, HttpClient, ProcessDirectory } from '@ao-ts/server-kit';
import { describe, expect, test } from 'vitest';
import { SqliteLedger } from '../src/stores/sqlite-ledger.ts';
import { id, send } from './fake-network.ts';
import { FakeUnit } from './fake-unit.ts';
import { mu, network, restart, temporaryDb, useUnit } from './unit.ts';

useUnit();

const writes = () => network.su.requests.filter(({ method }) => method === 'POST');

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

  test('whose redirects lead nowhere is unavailable: the client is told, what a process sends waits', async () => {
    const receiver = network.addProcess();
    const sender = network.addProcess(() => ({ Messages: [send(receiver)] }));
    let endless = true;
    network.su.fault = ({ method, body }) =>
      endless && method === 'POST' && body.includes('From-Process')
        ? { status: 307, headers: { location: network.su.url } }
        : undefined;
    const root = await network.message(sender);
    expect((await mu.post(root)).status).toBe(202);
    while (!(await mu.tree(root.id)).some(({ attempts }) => attempts > 0));
    const claimed = await network.message(receiver, [{ name: 'From-Process', value: sender }]);
    expect(await mu.post(claimed)).toMatchObject({ status: 502, body: { code: 'HTTP.STATUS' } });
    endless = false;
    expect(await mu.settled()).toMatchObject({ dead: 0 });
    expect(network.items(receiver)).toHaveLength(1);
  });

  test('that has too much to do is quoted with its status if it does not get better', async () => {
    network.su.fault = ({ method }) =>
      method === 'POST' ? { status: 429, body: { error: 'slow down' } } : undefined;
    const answer = await mu.post(await network.message(network.addProcess()));
    expect(answer).toMatchObject({ status: 429, body: { error: 'slow down', code: 'SCHEDULER.REFUSED' } });
    expect(writes()).toHaveLength(3);
    expect(await mu.get('/status')).toEqual({ pending: 0, unsure: 0, dead: 0 });
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

  test('that does not answer in time: the client is told, and what was scheduled all the same is seen to', async () => {
    await restart({ env: { ANSWER_TIMEOUT_MS: '100' } });
    const receiver = network.addProcess();
    const process = network.addProcess(() => ({ Messages: [send(receiver)] }));
    const late = Promise.withResolvers<undefined>();
    network.su.fault = ({ method }) => (method === 'POST' ? late.promise : undefined);
    const item = await network.message(process);
    expect(await mu.post(item)).toMatchObject({ status: 504, body: { code: 'HTTP.TIMEOUT' } });
    expect(writes()).toHaveLength(1);
    expect(await mu.get('/status')).toEqual({ pending: 0, unsure: 1, dead: 0 });
    late.resolve(undefined);
    while (network.items(receiver).length === 0) await mu.get('/status');
    expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
    expect(network.items(process)).toHaveLength(1);
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
      await restart({ dbPath, directory: new ProcessDirectory(options) });
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

test('what the scheduler took while the ledger could not be written is not forgotten', async () => {
  const ledger = new SqliteLedger(':memory:', Date.now);
  const scheduled = ledger.scheduled.bind(ledger);
  let failures = 3;
  ledger.scheduled = async (...delivery) => {
    const cause = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    if (failures-- > 0) throw new AoError('STORE.FAILED', 'away', { action: 'retry', cause });
    return scheduled(...delivery);
  };
  await restart({ ledger });
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
  await restart({ dbPath });
  await asked.promise;
  const again = mu.post(new Uint8Array(0), `/?process-id=${process}&assign=${transaction}`);
  // Time enough for the second request to come as far as the first.
  for (let i = 0; i < 20; i++) await mu.get('/status');
  answer.resolve(undefined);
  expect((await again).status).toBe(202);
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
  expect(network.schedule.get(process)?.map(({ messageId }) => messageId)).toEqual([process, transaction]);
});
