import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TestPostgres } from '../../../packages/server-kit/test/postgres.ts';
import type { Evaluation } from '../src/domain/result-store.ts';
import { descriptionStoreCompliance } from '../src/stores/description-store.compliance.ts';
import { openStores } from '../src/stores/open-stores.ts';
import { resultStoreCompliance } from '../src/stores/result-store.compliance.ts';
import { FakeNetwork } from './support/fake-network.ts';
import { randomName, startUnit } from './support/unit.ts';

let postgres: TestPostgres;
let network: FakeNetwork;

beforeAll(async () => {
  [postgres, network] = await Promise.all([TestPostgres.start(), FakeNetwork.start()]);
});

afterAll(async () => {
  await Promise.all([postgres[Symbol.asyncDispose](), network[Symbol.asyncDispose]()]);
});

resultStoreCompliance('PostgreSQL', async () => {
  const { results, closeStores } = await openStores(await postgres.database());
  return { store: results, close: closeStores };
});

descriptionStoreCompliance('PostgreSQL', async () => {
  const { descriptions, closeStores } = await openStores(await postgres.database());
  return { store: descriptions, close: closeStores };
});

describe('several stores on one database', () => {
  const evaluation = (process: number, nonce: number, body: string): Evaluation => ({
    processId: `p${process}`,
    nonce,
    timestamp: nonce,
    cron: null,
    blockHeight: 1,
    messageId: `m${nonce}`,
    assignmentId: `a${nonce}`,
    digest: null,
    status: 'ok',
    body,
  });

  test('agree on what was first, whoever writes it and in whatever order', async () => {
    const url = await postgres.database();
    const stores = await Promise.all([openStores(url), openStores(url), openStores(url)]);
    const places = Array.from({ length: 300 }, (_, index) => [index % 3, index] as const);
    const told = await Promise.all(
      stores.flatMap(({ results }, store) =>
        [places, places.toReversed()].map(async (order, direction) => {
          const bodies = await results.save(order.map(([p, n]) => evaluation(p, n, `${store}${direction}`)));
          return direction === 0 ? bodies : bodies.toReversed();
        }),
      ),
    );
    const kept = await Promise.all(
      places.map(async ([p, n]) => (await stores[0]?.results.at(`p${p}`, n))?.body),
    );
    for (const bodies of told) expect(bodies).toEqual(kept);
    await Promise.all(stores.map(({ closeStores }) => closeStores()));
  });

  test('keep results larger than one statement takes', async () => {
    const { results, closeStores } = await openStores(await postgres.database());
    const batch = Array.from({ length: 5 }, (_, nonce) => evaluation(0, nonce, String(nonce).repeat(9e6)));
    await results.save(batch.slice(1, 3));
    expect(await results.save(batch)).toEqual(batch.map(({ body }) => body));
    for (const { nonce, body } of batch) expect((await results.at('p0', nonce))?.body === body).toBe(true);
    await closeStores();
  });
});

test('two units on one database give the same answers, and one goes on where the other stopped', async () => {
  const env = { DB_URL: await postgres.database() };
  const processId = network.spawn(randomName());
  const ids = Array.from({ length: 60 }, (_, index) =>
    network.schedule(processId, { name: randomName(), data: index % 7 === 3 ? '!e' : '!m' }),
  );
  const one = await startUnit(network, { env });
  await using two = await startUnit(network, { env });
  const path = (id: string | undefined) => `/result/${id}?process-id=${processId}`;
  const answers = await Promise.all(
    ids.flatMap((id) => [one, two].map(async (unit) => (await unit.get(path(id))).text)),
  );
  for (let index = 0; index < answers.length; index += 2) expect(answers[index]).toBe(answers[index + 1]);
  await one[Symbol.asyncDispose]();

  await using three = await startUnit(network, { env });
  network.requests.length = 0;
  expect((await three.get(path(ids.at(-1)))).text).toBe(answers.at(-1));
  expect(network.requests).toEqual([]);
  const list = `/results/${processId}?limit=100`;
  expect((await three.get(list)).text).toBe((await two.get(list)).text);
  const next = network.schedule(processId, { name: randomName() });
  const [last, same] = await Promise.all([two.get(path(next)), three.get(path(next))]);
  expect(last.json.Output).toBe('00000053');
  expect(same.text).toBe(last.text);
});

test('a stream of one unit tells what another unit stored', async () => {
  const env = { DB_URL: await postgres.database() };
  await using one = await startUnit(network, { env });
  await using two = await startUnit(network, { env });
  const processId = network.spawn(randomName());
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const stop = new AbortController();
  try {
    // Held until it is read: fetch ends the body of an answer that the garbage collector takes.
    const answer = await fetch(`${one.url}/results/${processId}/stream`, { signal: stop.signal });
    await two.get(`/result/0?process-id=${processId}`);
    vi.advanceTimersByTime(15_000);
    let text = '';
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('"Output":"00000001"')) break;
    }
    expect(text).toContain('id: ');
  } finally {
    stop.abort();
    vi.useRealTimers();
  }
});

test('whatever is asked for, the database is not asked for what it can not hold', async () => {
  await using unit = await startUnit(network, { env: { DB_URL: await postgres.database() } });
  const processId = network.spawn(randomName());
  await unit.get(`/result/0?process-id=${processId}`);
  expect((await unit.get(`/result/a%00b?process-id=${processId}`)).status).toBe(404);
  expect((await unit.get('/results/a%00b')).json.edges).toEqual([]);
  const cursor = Buffer.from('{"timestamp":1e999,"ordinate":"0","cron":"\\u0000","sort":"ASC"}');
  for (const bound of ['1e300', '-1e300', '0.5', cursor.toString('base64')]) {
    for (const end of ['from', 'to']) {
      const { status } = await unit.get(`/results/${processId}?${end}=${encodeURIComponent(bound)}`);
      expect([bound, end, status]).toEqual([bound, end, 200]);
    }
  }
});

test('while the database is away requests fail, and nothing is lost', async () => {
  const server = await TestPostgres.start();
  await using _ = server;
  const env = { DB_URL: await server.database() };
  await using unit = await startUnit(network, { env });
  const stopping = await startUnit(network, { env });
  const processId = network.spawn(randomName());
  const [first, second] = ['!a', '!a'].map((data) =>
    network.schedule(processId, { name: randomName(), data }),
  );
  const result = (id: string | undefined) => unit.get(`/result/${id}?process-id=${processId}`);
  expect((await result(first)).json.Output).toBe('00000002');
  await server.stop();
  const away = await result(second);
  expect([away.status, away.json.code]).toEqual([503, 'STORE.FAILED']);
  expect((await stopping.get(`/results/${processId}`)).status).toBe(503);
  await stopping[Symbol.asyncDispose]();
  await server.restart();
  expect((await result(second)).json.Output).toBe('00000003');
  expect((await result(first)).json.Output).toBe('00000002');
});
