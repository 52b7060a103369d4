import { isAoError } from '@ao-ts/core';
import { expect, test } from 'vitest';
import { configFrom } from '../src/index.ts';
import { type Host, hosts, idFor, item, owner, post, startRouter } from './support.ts';

const [BY_PROCESS, BY_OWNER, BY_MODULE, PLAIN] = [0, 1, 2, 3].map(() => idFor(0, 1)) as [
  string,
  string,
  string,
  string,
];

async function withOverrides(AO_UNIT: string) {
  const [plain, forProcess, forOwner, forModule, scheduler] = (await hosts(5)) as [
    Host,
    Host,
    Host,
    Host,
    Host,
  ];
  scheduler.answer = ({ url }, response) => {
    const described = {
      [BY_OWNER]: { owner: { address: 'an-owner', key: 'k' }, tags: [] },
      [BY_MODULE]: {
        owner: { address: 'somebody', key: 'k' },
        tags: [{ name: 'From-Module', value: 'a-module' }],
      },
      [PLAIN]: { owner: { address: 'somebody', key: 'k' }, tags: [{ name: 'Module', value: 'a-module' }] },
    }[url.replace('/processes/', '')];
    response.writeHead(described ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(described ?? { error: 'not found' }));
  };
  const router = await startRouter([plain], {
    AO_UNIT,
    SUR_URL: scheduler.url,
    PROCESS_TO_HOST: JSON.stringify({ [BY_PROCESS]: `${forProcess.url}/` }),
    OWNER_TO_HOST: JSON.stringify({ 'an-owner': forOwner.url, [owner]: forOwner.url }),
    FROM_MODULE_TO_HOST: JSON.stringify({ 'a-module': forModule.url }),
  });
  return { router, plain, forProcess, forOwner, forModule, scheduler };
}

test.each([
  ['cu', (id: string) => `/results/${id}`],
  ['mu', (id: string) => `/outbox/${id}`],
])('%s: hosts by process, owner and From-Module', async (unit, path) => {
  const { router, plain, forProcess, forOwner, forModule, scheduler } = await withOverrides(unit);
  const answering = async (id: string) => (await fetch(router.url + path(id))).text();
  const unknown = idFor(0, 1);
  for (const _again of [1, 2]) {
    expect(await answering(BY_PROCESS)).toBe(forProcess.url);
    expect(await answering(BY_OWNER)).toBe(forOwner.url);
    expect(await answering(BY_MODULE)).toBe(forModule.url);
    expect(await answering(PLAIN)).toBe(plain.url);
    expect(await answering(unknown)).toBe(plain.url);
  }
  // What never changes is asked once; who has a host by id is not asked about at all.
  expect(scheduler.requests.map(({ url }) => url.replace('/processes/', ''))).toEqual([
    BY_OWNER,
    BY_MODULE,
    PLAIN,
    unknown,
  ]);
});

test('messages follow their target, and a new process its own owner and tags, unknown to any scheduler', async () => {
  const { router, plain, forOwner, forModule, scheduler } = await withOverrides('mu');
  const posted = async (tags: Record<string, string>, target?: string) =>
    (await post(router.url, (await item(tags, target)).raw)).text();
  expect(await posted({ Type: 'Message' }, BY_MODULE)).toBe(forModule.url);
  expect(await posted({ Type: 'Message' }, PLAIN)).toBe(plain.url);
  const asked = scheduler.requests.length;
  expect(await posted({ Type: 'Process' })).toBe(forOwner.url);
  expect(scheduler.requests).toHaveLength(asked);
});

test('while the scheduler is away, processes go where their hash says', async () => {
  const { router, plain, scheduler } = await withOverrides('cu');
  await scheduler.stop();
  expect(await (await fetch(`${router.url}/results/${BY_OWNER}`)).text()).toBe(plain.url);
});

test('a process with a host of its own stays there, also when that is away', async () => {
  const { router, plain, forProcess } = await withOverrides('cu');
  await forProcess.stop();
  expect((await fetch(`${router.url}/results/${BY_PROCESS}`)).status).toBe(503);
  expect(plain.requests).toEqual([]);
});

test.each([
  [{}, /HOSTS is not set/],
  [{ HOSTS: 'nowhere' }, /HOSTS.*URL/],
  [{ HOSTS: 'http://a,http://a/' }, /names a host twice/],
  [{ HOSTS: 'http://a', PROCESS_TO_HOST: '{' }, /PROCESS_TO_HOST.*must be JSON/],
  [{ HOSTS: 'http://a', PROCESS_TO_HOST: '{"x":"y"}' }, /PROCESS_TO_HOST/],
  [{ HOSTS: 'http://a', OWNER_TO_HOST: '{"x":"http://b"}' }, /SUR_URL.*need it/],
  [{ HOSTS: 'http://a', AO_UNIT: 'gateway' }, /AO_UNIT/],
])('configuration %j is refused', (env, says) => {
  expect(() => configFrom(env)).toThrow(says);
  try {
    configFrom(env);
  } catch (error) {
    expect(isAoError(error, 'CONFIG.INVALID')).toBe(true);
  }
});
