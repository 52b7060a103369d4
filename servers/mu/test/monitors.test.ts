import { beforeEach, expect, test } from 'vitest';
import { id, send } from './fake-network.ts';
import { mu, network, restart, temporaryDb, useUnit } from './unit.ts';

useUnit();

let dbPath: string;
beforeEach(async () => {
  dbPath = await temporaryDb();
  await restart({ dbPath });
});

async function ask(method: 'POST' | 'DELETE', processId: string, target = processId) {
  const { raw } = await network.message(target);
  const response = await fetch(`${mu.url}/monitor/${processId}`, {
    method,
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(raw),
  });
  return { status: response.status, text: await response.text() };
}

const cron = (n: number, receiver: string) => ({
  cursor: `cursor-${n}`,
  node: { Messages: [send(receiver, { Reference: String(n) })] },
});
const references = (receiver: string) => network.items(receiver).map((item) => Number(item.tag('Reference')));
const pollsOf = (route: string) =>
  network.cu.requests.filter(({ url }) => url.pathname.startsWith(route)).length;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await mu.get('/status');
}

test('what crons emit from now on is sent once, over all pages, also after a restart', async () => {
  const [receiver, process] = [network.addProcess(), network.addProcess()];
  network.crons = [cron(0, receiver), cron(1, receiver)];
  expect(await ask('POST', process)).toEqual({ status: 200, text: 'Monitoring process' });
  await until(() => pollsOf('/cron') > 0);
  expect(references(receiver)).toEqual([]);
  expect(network.cu.requests.slice(0, 2).map(({ url }) => url.pathname + url.search)).toEqual([
    `/results/${process}?sort=DESC&limit=1`,
    `/cron/${process}?from=cursor-1&limit=50`,
  ]);

  network.crons.push(...Array.from({ length: 120 }, (_, n) => cron(n + 2, receiver)));
  await until(() => references(receiver).length === 120);

  network.cu.fault = () => ({ status: 500 });
  network.crons.push(cron(122, receiver));
  await restart({ dbPath });
  network.cu.fault = () => undefined;
  await until(() => references(receiver).length === 121);
  await until(() => pollsOf('/cron') > 6);
  expect(references(receiver)).toEqual(Array.from({ length: 121 }, (_, n) => n + 2));
  expect(network.items(receiver)[0]?.tag('Pushed-For')).toBeUndefined();
});

test('monitoring twice is one monitor, and what is not monitored can not be ended', async () => {
  const process = network.addProcess();
  expect((await ask('DELETE', process)).status).toBe(404);
  expect((await ask('POST', process)).status).toBe(200);
  expect((await ask('POST', process)).status).toBe(200);
  expect(await (await fetch(`${mu.url}/metrics`)).text()).toContain('ao_mu_monitors 1');
  expect(await ask('DELETE', process)).toEqual({ status: 200, text: 'Process deleted' });
  expect((await ask('DELETE', process)).status).toBe(404);
  for (let ended = false; !ended; ) {
    ended = (await (await fetch(`${mu.url}/metrics`)).text()).includes('ao_mu_monitors 0');
  }
});

test('the request is signed, and for the process it names', async () => {
  const [process, other] = [network.addProcess(), network.addProcess()];
  for (const method of ['POST', 'DELETE'] as const) {
    expect((await ask(method, process, other)).status).toBe(400);
  }
  expect((await ask('POST', id())).status).toBe(404);
  const { raw } = await network.message(process);
  const changed = Buffer.from(raw);
  changed[changed.length - 1] = 1;
  expect((await mu.post(changed, `/monitor/${process}`)).status).toBe(400);
});

test('a compute unit that fails is asked again, and nothing is missed', async () => {
  const [receiver, process] = [network.addProcess(), network.addProcess()];
  await ask('POST', process);
  await until(() => pollsOf('/cron') > 0);
  network.cu.fault = () => ({ status: 500 });
  network.crons = [cron(0, receiver)];
  const before = pollsOf('/cron');
  await until(() => pollsOf('/cron') > before + 1);
  network.cu.fault = () => undefined;
  await until(() => references(receiver).length === 1);
});

test('a monitor that fails for too long is given up, visibly, and goes on where it was when it is asked for again', async () => {
  let now = Date.now();
  await restart({ dbPath, clock: () => now, env: { RETRY_MAX_AGE_MS: '1000' } });
  const [receiver, process] = [network.addProcess(), network.addProcess()];
  await ask('POST', process);
  await until(() => pollsOf('/cron') > 0);
  network.cu.fault = () => ({ status: 500, body: { error: 'broken' } });
  network.crons = [cron(0, receiver)];
  const monitor = async () =>
    (await mu.get<{ monitors: Record<string, unknown>[] }>('/monitors')).monitors.find(
      ({ processId }) => processId === process,
    );
  while (!(await monitor())?.failingSince);
  expect(await monitor()).toMatchObject({ error: expect.stringContaining('broken'), endedAt: null });
  now += 1001;
  while (!(await monitor())?.endedAt);
  expect(await monitor()).toMatchObject({ endedAt: now, failingSince: now - 1001 });
  expect(await (await fetch(`${mu.url}/metrics`)).text()).toContain('ao_mu_monitors 0');

  network.cu.fault = () => undefined;
  expect(await ask('POST', process)).toMatchObject({ status: 200 });
  await until(() => references(receiver).length === 1);
  expect(await monitor()).toMatchObject({ failures: 0, failingSince: null, endedAt: null });
});

test('a page that says there is more, and does not move on, is no reason to ask all the time', async () => {
  const [receiver, process] = [network.addProcess(), network.addProcess()];
  const same = { pageInfo: { hasNextPage: true }, edges: [cron(1, receiver)] };
  network.cu.fault = ({ url }) =>
    url.pathname.startsWith('/cron') ? { status: 200, body: same } : undefined;
  await restart({ dbPath, env: { MONITOR_INTERVAL_MS: '3600000' } });
  await ask('POST', process);
  await until(() => references(receiver).length > 0);
  await mu[Symbol.asyncDispose]();
  expect(pollsOf('/cron')).toBe(2);
});

test.each(['', 'x'.repeat(5000), 'a\0b'])('what is no cursor is not kept, visibly', async (cursor) => {
  const process = network.addProcess();
  network.crons = [{ cursor, node: {} }];
  await ask('POST', process);
  type Page = { monitors: { error: string | null }[] };
  let error: string | null | undefined;
  while (!error) error = (await mu.get<Page>('/monitors')).monitors[0]?.error;
  expect(error).toContain('edges.0.cursor: must be 1 to 1000 visible ASCII characters');
});

test('a cron result that failed, or lacks its lists, does not keep back the others', async () => {
  const [receiver, process] = [network.addProcess(), network.addProcess()];
  await ask('POST', process);
  await until(() => pollsOf('/cron') > 0);
  const bare = { Messages: undefined, Spawns: undefined, Assignments: undefined };
  network.crons = [
    cron(0, receiver),
    { cursor: 'bare', node: bare },
    { cursor: 'failed', node: { ...bare, Error: 'out of gas' } },
    cron(1, receiver),
  ];
  await until(() => references(receiver).length === 2);
  expect(references(receiver)).toEqual([0, 1]);
});
