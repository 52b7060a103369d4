import { describe, expect, test } from 'vitest';
import { hosts, idFor, item, post, startRouter } from './support.ts';

const COUNT = 3;
const PLACES = [0, 1, 2];

const COMPUTE = [
  ['GET', '/result/a-message?process-id=ID&no-busy=1'],
  ['POST', '/dry-run?process-id=ID'],
  ['GET', '/results/ID?sort=DESC&limit=1'],
  ['GET', '/results/ID/stream'],
  ['GET', '/state/ID'],
  ['GET', '/cron/ID?from=x&limit=50'],
];
const MESSENGER = [
  ['POST', '/?process-id=ID&assign=tx&base-layer&exclude=a,b'],
  ['POST', '/monitor/ID'],
  ['DELETE', '/monitor/ID'],
  ['POST', '/push/a-message/0?process-id=ID&kind=message'],
  ['POST', '/push-result/a-message/0?process-id=ID'],
  ['GET', '/?debug=1&process=ID&page=2'],
  ['GET', '/outbox/ID'],
  ['POST', '/audit/ID?from=3'],
];
const SCHEDULER = [
  ['GET', '/?process-id=ID'],
  ['GET', '/ID?process-id=ID&from-nonce=3'],
  ['GET', '/a-message?process-id=ID'],
  ['GET', '/ID/latest'],
  ['GET', '/processes/ID'],
  ['GET', '/timestamp?process-id=ID'],
  ['POST', '/?process-id=ID&assign=tx'],
];
const TABLE = Object.entries({ cu: COMPUTE, mu: MESSENGER, su: SCHEDULER }).flatMap(([unit, routes]) =>
  routes.map(([method, url]) => ({ unit, method: method ?? '', url: url ?? '' })),
);

test.each(TABLE)(
  '$unit: $method $url goes to the host of its process, as it is',
  async ({ unit, method, url }) => {
    const behind = await hosts(COUNT);
    const router = await startRouter(behind, { AO_UNIT: unit });
    for (const place of PLACES) {
      const path = url.replaceAll('ID', idFor(place, COUNT));
      const response = await fetch(router.url + path, { method });
      expect([response.status, await response.text()]).toEqual([200, behind[place]?.url]);
      expect(behind[place]?.requests.at(-1)).toMatchObject({ method, url: path });
    }
  },
);

test.each([
  ['cu', '/'],
  ['mu', '/'],
  ['su', '/'],
])('%s: what is about no process goes to the host of the word "process"', async (unit, path) => {
  const behind = await hosts(COUNT);
  const router = await startRouter(behind, { AO_UNIT: unit });
  expect(await (await fetch(router.url + path)).text()).toBe(behind[2]?.url);
});

describe.each(['mu', 'su'])('items posted to %s', (unit) => {
  test('a message goes to the host of its target, unchanged', async () => {
    const behind = await hosts(COUNT);
    const router = await startRouter(behind, { AO_UNIT: unit });
    for (const place of PLACES) {
      const message = await item({ 'Data-Protocol': 'ao', Type: 'Message' }, idFor(place, COUNT));
      expect(await (await post(router.url, message.raw)).text()).toBe(behind[place]?.url);
      expect(behind[place]?.requests.at(-1)?.body.equals(message.raw)).toBe(true);
    }
  });

  test('a process goes to the host of its own id, and the first Type decides', async () => {
    const behind = await hosts(COUNT);
    const router = await startRouter(behind, { AO_UNIT: unit });
    for (let i = 0; i < 5; i++) {
      const types = ['Other', 'Process', 'Message'].map((value) => ({ name: 'Type', value }));
      const spawn = await item(types, idFor(i % COUNT, COUNT));
      await post(router.url, spawn.raw);
      const got = behind.filter(({ requests }) => requests.some(({ body }) => body.equals(spawn.raw)));
      const same = await fetch(`${router.url}/outbox/${spawn.id}`);
      if (unit === 'mu') expect(got.map(({ url }) => url)).toEqual([await same.text()]);
      expect(got).toHaveLength(1);
    }
  });
});

const PROXY_AND_REDIRECT = [['proxy'], ['redirect']];

test.each(PROXY_AND_REDIRECT)('%s: what is no item is refused, and the router lives on', async (STRATEGY) => {
  const behind = await hosts(2);
  const router = await startRouter(behind, { AO_UNIT: 'mu', STRATEGY });
  const untyped = await item({ 'Data-Protocol': 'ao' }, idFor(0, 2));
  const untargeted = await item({ Type: 'Message' });
  const junk: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /signed data item/],
    [Buffer.from('junk'), /signed data item/],
    [untyped.raw.subarray(0, 100), /signed data item/],
    [untyped.raw, /'Type'/],
    [untargeted.raw, /target/],
  ];
  for (const [bytes, says] of junk) {
    for (const type of ['application/octet-stream', 'application/json', 'x/y']) {
      const refused = await post(router.url, bytes, type);
      expect(refused.status).toBe(422);
      expect(await refused.json()).toEqual({
        error: expect.stringMatching(says),
        code: expect.stringMatching(/^(ITEM|ANS104|REQUEST)\./),
      });
    }
  }
  expect((await fetch(router.url, { method: 'POST' })).status).toBe(422);
  expect(behind.flatMap(({ requests }) => requests)).toEqual([]);
  expect(await (await fetch(`${router.url}/healthcheck`)).text()).toBe('OK');
});

test('a body above the limit is refused', async () => {
  const router = await startRouter(await hosts(1), { AO_UNIT: 'mu', MAX_BODY_BYTES: '1000' });
  const refused = await post(router.url, new Uint8Array(1001));
  expect([refused.status, await refused.json()]).toMatchObject([413, { error: expect.any(String) }]);
});

test.each([
  ['cu', 'GET', '/result/a-message'],
  ['cu', 'POST', '/dry-run'],
  ['mu', 'POST', '/?assign=tx'],
  ['mu', 'POST', '/push/a-message/0'],
])('%s: %s %s without a process is refused', async (AO_UNIT, method, path) => {
  const router = await startRouter(await hosts(1), { AO_UNIT });
  const refused = await fetch(router.url + path, { method });
  expect(refused.status).toBe(404);
  expect(await refused.json()).toEqual({
    error: 'Process id not found on request',
    code: 'REQUEST.NOT_FOUND',
  });
});

test('traces of an item are asked for at one host after the other, until one knows it', async () => {
  const behind = await hosts(3);
  const router = await startRouter(behind, { AO_UNIT: 'mu' });
  for (const host of behind) host.answer = (_request, response) => void response.writeHead(404).end('no');
  const unknown = await fetch(`${router.url}/messages/some/key`);
  expect([unknown.status, await unknown.text()]).toEqual([404, 'no']);
  for (const knowing of behind) {
    const { answer } = knowing;
    knowing.answer = (_request, response) => void response.end('known');
    expect(await (await fetch(`${router.url}/messages/some/key`)).text()).toBe('known');
    const retried = await fetch(`${router.url}/dead/some/key/retry`, { method: 'POST' });
    expect(await retried.text()).toBe('known');
    knowing.answer = answer;
  }
});

test('an item that no host knows may be known to one that is away', async () => {
  const [first, second] = await hosts(2);
  const router = await startRouter(first && second ? [first, second] : [], { AO_UNIT: 'mu' });
  if (first) first.answer = (_request, response) => void response.writeHead(404).end('no');
  await second?.stop();
  const response = await fetch(`${router.url}/messages/some/key`);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await response.json()).toMatchObject({ code: 'UPSTREAM.AWAY' });
});

test('redirect: 307 to the same path and query at the host', async () => {
  const behind = await hosts(COUNT);
  const router = await startRouter(behind, { STRATEGY: 'redirect' });
  for (const place of PLACES) {
    const path = `/result/a%20message?process-id=${idFor(place, COUNT)}&x=1`;
    const response = await fetch(router.url + path, { redirect: 'manual' });
    expect(response.status).toBe(307);
    expect(response.headers.get('location')).toBe(`${behind[place]?.url}${path}`);
    expect(await (await fetch(router.url + path)).text()).toBe(behind[place]?.url);
  }
});

test.each(['mu', 'su'])('redirect: an item is sent on to the %s of its process', async (AO_UNIT) => {
  const behind = await hosts(COUNT);
  const router = await startRouter(behind, { AO_UNIT, STRATEGY: 'redirect' });
  for (const place of PLACES) {
    const { raw } = await item({ 'Data-Protocol': 'ao', Type: 'Message' }, idFor(place, COUNT));
    expect(await (await post(router.url, raw)).text()).toBe(behind[place]?.url);
    expect(behind[place]?.requests.at(-1)?.body.equals(raw)).toBe(true);
  }
});

test('routes that are no routes of the unit are 404, in whatever form', async () => {
  const [host] = await hosts(1);
  const router = await startRouter(host ? [host] : []);
  for (const path of ['/nowhere', '/push/a/0', '//other.example/result/x?process-id=a']) {
    expect((await fetch(router.url + path, { method: 'POST' })).status).toBe(404);
  }
  expect(host?.requests).toEqual([]);
});
