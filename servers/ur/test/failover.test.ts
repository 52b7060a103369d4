import { expect, test, vi } from 'vitest';
import { type Host, hosts, idFor, item, post, startRouter } from './support.ts';

const reset: Host['answer'] = (_request, _response, raw) => void raw.socket.resetAndDestroy();
const stopping: Host['answer'] = (_request, response) =>
  void response.writeHead(503, { connection: 'close' }).end('{"code":"UNIT.STOPPING"}');

const message = () => item({ 'Data-Protocol': 'ao', Type: 'Message' }, idFor(0, 2));
const bytes = (length: number) => Buffer.alloc(length, 'body ');

/** Two hosts: requests of these tests belong to the first. */
async function two(env: Record<string, string> = {}) {
  const [first, second] = (await hosts(2)) as [Host, Host];
  const router = await startRouter([first, second], env);
  return { first, second, router };
}

test('what can be asked again is asked at the next host if the first is away', async () => {
  const { first, second, router } = await two();
  await first.stop();
  const id = idFor(0, 2);
  expect(await (await fetch(`${router.url}/results/${id}`)).text()).toBe(second.url);
  const sent = bytes(5_000_000);
  expect(await (await post(`${router.url}/dry-run?process-id=${id}`, sent)).text()).toBe(second.url);
  expect(second.requests.at(-1)?.body.equals(sent)).toBe(true);
});

test('so it is if the first breaks off before it answers, or says that it is going down', async () => {
  for (const fault of [reset, stopping]) {
    const { first, second, router } = await two();
    first.answer = fault;
    const url = `${router.url}/dry-run?process-id=${idFor(0, 2)}`;
    expect(await (await post(url, bytes(100_000))).text()).toBe(second.url);
    expect(second.requests[0]?.body.equals(bytes(100_000))).toBe(true);
  }
});

test('a host that failed is not asked first until a check finds it up again', async () => {
  const { first, second, router } = await two({ HEALTH_INTERVAL_MS: '20' });
  const url = `${router.url}/results/${idFor(0, 2)}`;
  const whoAnswers = async () => (await fetch(url)).text();
  await first.stop();
  expect(await whoAnswers()).toBe(second.url);
  await first.listen();
  await vi.waitUntil(async () => (await whoAnswers()) === first.url);

  first.health = 503;
  await vi.waitUntil(async () => (await whoAnswers()) === second.url);
  // With nobody ready, the first one is as good as any other.
  second.health = 503;
  await vi.waitUntil(async () => (await whoAnswers()) === first.url);
  first.health = 404;
  second.health = 200;
  await vi.waitUntil(async () => (await fetch(`${router.url}/metrics`)).text().then(has('ao_ur_hosts_up 2')));
});

const has = (part: string) => (text: string) => text.includes(part);

test('a host that is only slow keeps its processes until it has been silent three times', async () => {
  const { first, second, router } = await two({ HEALTH_INTERVAL_MS: '10', HEALTH_TIMEOUT_MS: '30' });
  const metrics = async () => (await fetch(`${router.url}/metrics`)).text();
  await vi.waitUntil(async () => has('ao_ur_hosts_up 2')(await metrics()));
  first.health = 'none';
  await vi.waitUntil(async () => has('ao_ur_hosts_up 1')(await metrics()));
  expect(await (await fetch(`${router.url}/results/${idFor(0, 2)}`)).text()).toBe(second.url);
});

test('with all hosts away the answer says so, and when to come back', async () => {
  const { first, second, router } = await two();
  await Promise.all([first.stop(), second.stop()]);
  const response = await fetch(`${router.url}/results/${idFor(0, 2)}`);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await response.json()).toEqual({
    code: 'UPSTREAM.AWAY',
    error: expect.stringContaining('No compute unit can be reached'),
  });
});

test('what a unit answers is passed on, whatever its status', async () => {
  const { first, second, router } = await two();
  for (const status of [400, 404, 429, 500, 502, 503]) {
    first.answer = (_request, response) =>
      void response.writeHead(status, { 'retry-after': '7', 'content-type': 'text/x' }).end('its words');
    const response = await fetch(`${router.url}/results/${idFor(0, 2)}`);
    expect([response.status, await response.text()]).toEqual([status, 'its words']);
    expect(response.headers.get('retry-after')).toBe('7');
  }
  expect(second.requests).toEqual([]);
});

test('an answer that breaks off in the middle breaks off for the client too', async () => {
  const { first, second, router } = await two();
  first.answer = (_request, response, raw) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('the beginning', () => raw.socket.resetAndDestroy());
  };
  const response = await fetch(`${router.url}/results/${idFor(0, 2)}`);
  await expect(response.text()).rejects.toThrow();
  expect(second.requests).toEqual([]);
});

test('a host that does not answer in time is named; it is not asked again elsewhere', async () => {
  const { first, second, router } = await two({ ANSWER_TIMEOUT_MS: '100' });
  first.answer = () => {};
  const response = await fetch(`${router.url}/results/${idFor(0, 2)}`);
  expect([response.status, await response.json()]).toMatchObject([504, { code: 'HTTP.TIMEOUT' }]);
  expect(second.requests).toEqual([]);
});

const WRITES = [
  ['an item', async (url: string) => post(url, (await message()).raw)],
  [
    'an assignment',
    (url: string) => fetch(`${url}/?process-id=${idFor(0, 2)}&assign=tx`, { method: 'POST' }),
  ],
  ['a monitor', async (url: string) => post(`${url}/monitor/${idFor(0, 2)}`, (await message()).raw)],
  ['a push', (url: string) => fetch(`${url}/push/x/0?process-id=${idFor(0, 2)}`, { method: 'POST' })],
] as const;

test.each(WRITES)('%s is not repeated where the first host may have taken it', async (_name, send) => {
  const { first, second, router } = await two({ AO_UNIT: 'mu' });
  first.answer = reset;
  const response = await send(router.url);
  expect([response.status, await response.json()]).toMatchObject([502, { code: 'UPSTREAM.UNSURE' }]);
  expect(second.requests).toEqual([]);
});

test.each(WRITES)('%s is repeated where messengers share a ledger', async (_name, send) => {
  const { first, second, router } = await two({ AO_UNIT: 'mu', REPEAT_WRITES: 'true' });
  first.answer = reset;
  expect(await (await send(router.url)).text()).toBe(second.url);
  expect(second.requests[0]?.body.equals(first.requests[0]?.body ?? Buffer.of())).toBe(true);
});

test.each(WRITES)('%s goes to the next host if the first surely has not taken it', async (_name, send) => {
  const { first, second, router } = await two({ AO_UNIT: 'mu' });
  first.answer = stopping;
  expect(await (await send(router.url)).text()).toBe(second.url);
  await first.stop();
  expect(await (await send(router.url)).text()).toBe(second.url);
});

test('a write to a scheduler is never repeated: it would refuse what it has', async () => {
  const { first, second, router } = await two({ AO_UNIT: 'su', REPEAT_WRITES: 'true' });
  first.answer = reset;
  expect((await post(router.url, (await message()).raw)).status).toBe(502);
  expect(second.requests).toEqual([]);
});
