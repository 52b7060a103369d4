import { readFile } from 'node:fs/promises';
import {
  createDataItem,
  ethereumAddress,
  ethereumSigner,
  type ItemContent,
  parseDataItem,
} from '@ao-ts/core/ans104';
import * as ur from '@ao-ts/ur';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Network, type Result } from '../src/index.ts';
import { freePorts } from './unit-process.ts';

/** Every function of the published client library, against the units. */

type Library = typeof import('@permaweb/aoconnect');
type Call<T> = (input: object) => Promise<T>;
/** Its own types leave out a part of what it has. */
interface Legacy {
  spawn: Call<string>;
  message: Call<unknown>;
  signMessage: Call<{ id: string; raw: Uint8Array }>;
  sendSignedMessage: Call<string>;
  result: Call<Evaluation>;
  results: Call<{ edges: { cursor: string; node: Evaluation }[] }>;
  dryrun: Call<Evaluation>;
  monitor: Call<string>;
  unmonitor: Call<string>;
  assign: Call<string>;
  getMessages: Call<{ edges: { node: SlotNode }[] }>;
  getMessageById: Call<SlotNode>;
  getLastSlot: Call<string | undefined>;
}
type Evaluation = Result & { Output: { data: string; prompt: string } };
interface SlotNode {
  message?: { id: string };
  assignment: { tags: { name: string; value: string }[] };
}

const COUNTER = `
Count = 0
Handlers.add("add", { Action = "Add" }, function(msg)
  Count = Count + tonumber(msg.Tags.Amount or "1")
  msg.reply({ Action = "Count", Data = tostring(Count) })
  if Listener then Send({ Target = Listener, Action = "Add" }) end
end)
Handlers.add("show", { Action = "Show" }, function(msg)
  local plain = {}
  for key, value in pairs(msg) do if type(value) ~= "function" then plain[key] = value end end
  print(require("json").encode(plain))
end)
Handlers.add("fail", { Action = "Fail" }, function() error("on purpose") end)`;

let network: Network;
let library: Library;
let ao: Legacy;
let signer: ReturnType<Library['createDataItemSigner']>;
let address: string;
const action = (value: string, ...more: { name: string; value: string }[]) => [
  { name: 'Action', value },
  ...more,
];

/** The library as a program of this wallet has it, with units at these URLs. */
function connected(units: Partial<Network['file']> = {}): Legacy {
  const { mu, cu, gateway } = { ...network.file, ...units };
  return library.connect({
    MODE: 'legacy',
    MU_URL: mu,
    CU_URL: cu,
    GATEWAY_URL: gateway,
  }) as unknown as Legacy;
}

beforeAll(async () => {
  // The library reads it when it is loaded, and before it asks the gateway it asks one router on the internet by its
  // name: that there is none here must not look like a broken network.
  const [gateway = 0] = await freePorts(1);
  vi.stubEnv('GRAPHQL_URL', `http://127.0.0.1:${gateway}/graphql`);
  const ask = fetch;
  vi.stubGlobal('fetch', (...args: Parameters<typeof fetch>) =>
    String(args[0]).startsWith('https://su-router.')
      ? Promise.resolve(new Response('', { status: 404 }))
      : ask(...args),
  );
  network = await Network.start({
    logLevel: 'error',
    ports: { gateway },
    env: { mu: { MONITOR_INTERVAL_MS: '100' } },
  });
  library = await import('@permaweb/aoconnect');
  ao = connected();
  signer = library.createDataItemSigner(JSON.parse(await readFile(network.file.wallet, 'utf8')));
  address = network.client.address;
});
afterAll(async () => {
  await network?.stop();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

const spawn = (tags: { name: string; value: string }[] = [], data: string | undefined = COUNTER) =>
  ao.spawn({
    module: network.file.module,
    scheduler: network.file.scheduler,
    signer,
    data,
    tags: [{ name: 'On-Boot', value: 'Data' }, { name: 'Authority', value: network.file.authority }, ...tags],
  });
const send = async (process: string, tags: { name: string; value: string }[], data?: string) =>
  (await ao.message({ process, signer, tags, ...(data === undefined ? {} : { data }) })) as string;
const count = async (process: string) =>
  Number(
    (await ao.dryrun({ process, tags: action('Add', { name: 'Amount', value: '0' }) })).Messages[0]?.Data,
  );

/** A message as its process sees it. */
async function seen(process: string, message: string) {
  const { Output, Error: failed } = await ao.result({ process, message });
  expect(failed).toBeUndefined();
  return JSON.parse(Output.data) as Record<string, unknown>;
}

test('URLs that the library puts paths behind have no slash at their end', () => {
  const { gateway, uploader, mu, cu, su } = network.file;
  for (const url of [gateway, uploader, mu, cu, su]) expect(url).not.toMatch(/\/$/);
});

describe('spawn', () => {
  test('gives the id of the process, which is on the gateway as it was signed', async () => {
    const process = await spawn([{ name: 'Name', value: 'counter' }], '');
    const read = async () => (await fetch(`${network.file.gateway}/tx/${process}`)).status;
    await expect.poll(read, { timeout: 20_000 }).toBe(200);
    const query = `query ($ids: [ID!]!) { transactions(ids: $ids) { edges { node { owner { address } tags { name value } } } } }`;
    const answer = await fetch(`${network.file.gateway}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { ids: [process] } }),
    });
    const { data } = (await answer.json()) as { data: { transactions: { edges: { node: object }[] } } };
    const names = [
      'On-Boot',
      'Authority',
      'Name',
      'Content-Type',
      'SDK',
      'Data-Protocol',
      'Variant',
      'Type',
      'Module',
    ];
    expect(data.transactions.edges[0]?.node).toMatchObject({
      owner: { address },
      tags: [...names, 'Scheduler', 'Timestamp'].map((name) => expect.objectContaining({ name })),
    });
  });

  test('of what is no module says which id', async () => {
    const process = await spawn();
    const nowhere = 'A'.repeat(43);
    for (const module of [nowhere, process]) {
      const spawning = network.client.spawn('', { module });
      await expect(spawning).rejects.toMatchObject({
        code: 'CLIENT.MODULE',
        message: expect.stringMatching(new RegExp(`gateway at ${network.file.gateway} .*${module}`)),
      });
    }
  });

  test('with a scheduler nobody knows is refused with its address', async () => {
    const nowhere = 'A'.repeat(43);
    const spawning = ao.spawn({ module: network.file.module, scheduler: nowhere, signer });
    await expect(spawning).rejects.toThrow(new RegExp(`^400: .*${nowhere}.*SCHEDULER\\.NOT_FOUND`));
  });

  test('with the tags of serializeCron: it ticks while it is monitored, and no longer', async () => {
    const interval = library.serializeCron({ interval: '1-second', tags: action('Add') });
    const process = await spawn(interval as { name: string; value: string }[]);
    const listener = await spawn();
    await send(process, action('Eval'), `Listener = "${listener}"`);
    expect(await ao.monitor({ process, signer })).toMatch(/^[\w-]{43}$/);
    network.advance(3000);
    await expect.poll(() => count(listener), { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    expect(await ao.unmonitor({ process, signer })).toMatch(/^[\w-]{43}$/);
    await expect(ao.unmonitor({ process, signer })).rejects.toThrow(/^404: /);
  });
});

describe('message', () => {
  test('without data or tags, with an anchor, with a Variant of its own', async () => {
    const process = await spawn();
    const plain = await seen(process, await send(process, action('Show')));
    expect(plain).toMatchObject({ Data: ' ', 'Content-Type': 'text/plain', From: address });
    const anchor = 'an anchor of thirty-two letters!';
    const message = (await ao.message({
      process,
      signer,
      anchor,
      tags: action('Show', { name: 'Variant', value: 'ao.TN.2' }),
      data: 'text with NUL \0 and ✓',
    })) as string;
    expect(await seen(process, message)).toMatchObject({
      Data: 'text with NUL \0 and ✓',
      Anchor: anchor,
      Tags: expect.objectContaining({ Variant: 'ao.TN.2' }),
      Id: message,
    });
  });

  test('tells its slot', async () => {
    const process = await spawn();
    const slot = { process, signer, tags: action('Add'), returnAssignmentSlot: true };
    expect(await ao.message(slot)).toBe('1');
    const both = { ...slot, returnMessageId: true };
    expect(await ao.message(both)).toEqual({ slot: '2', id: expect.stringMatching(/^[\w-]{43}$/) });
  });

  test('signed now and sent later is the same message, however often it is sent', async () => {
    const process = await spawn();
    const item = await ao.signMessage({ process, signer, tags: action('Add') });
    for (const _ of [1, 2]) expect(await ao.sendSignedMessage(item)).toBe(item.id);
    expect((await ao.result({ process, message: item.id })).Messages[0]?.Data).toBe('1');
    expect(await count(process)).toBe(1);
  });

  test('of any signer the library lets compose it', async () => {
    const process = await spawn();
    const key = ethereumSigner(Buffer.alloc(32, 7));
    // A signer that hands over a whole item, as wallets in a browser do.
    const wallet = async (compose: (how: object) => Promise<ItemContent>) =>
      createDataItem(await compose({ passthrough: true }), key);
    const message = await ao.message({ process, signer: wallet as never, tags: action('Show') });
    expect(await seen(process, message as string)).toMatchObject({ From: ethereumAddress(key.owner) });
  });

  test('to a process nobody knows, or that is too large, is refused with status, reason and code', async () => {
    const nowhere = 'A'.repeat(43);
    await expect(send(nowhere, action('Add'))).rejects.toThrow(
      new RegExp(`^404: .*${nowhere}.*PROCESS\\.NOT_FOUND`),
    );
    const large = 'x'.repeat(10 * 1024 * 1024);
    await expect(send(await spawn(), action('Add'), large)).rejects.toThrow(/^413: .*"code":/);
  });
});

describe('result, results and dryrun', () => {
  test('an Error is part of a result; a refusal is an object with a reason, whatever its status', async () => {
    const process = await spawn();
    const failed = await ao.result({ process, message: await send(process, action('Fail')) });
    expect(failed.Error).toContain('on purpose');
    const nowhere = 'A'.repeat(43);
    const refusal = { error: expect.stringContaining(nowhere), code: expect.any(String) };
    expect(await ao.result({ process: nowhere, message: nowhere })).toMatchObject(refusal);
    expect(await ao.result({ process, message: nowhere })).toMatchObject(refusal);
    expect(await ao.dryrun({ process: nowhere })).toMatchObject(refusal);
  });

  test('results go up and down between cursors, a page at a time', async () => {
    const process = await spawn();
    for (let i = 0; i < 4; i++) await send(process, action('Add'));
    await ao.result({ process, message: await send(process, action('Add')) });
    const counts = ({ edges }: Awaited<ReturnType<Legacy['results']>>) =>
      edges.map(({ node }) => node.Messages[0]?.Data);
    const all = await ao.results({ process });
    expect(counts(all)).toEqual([undefined, '1', '2', '3', '4', '5']);
    expect(Object.keys(all.edges[1]?.node ?? {}).sort()).toEqual(['Messages', 'Output', 'Spawns']);
    const [, from, , to] = all.edges.map(({ cursor }) => cursor);
    expect(counts(await ao.results({ process, from, to }))).toEqual(['2', '3']);
    expect(counts(await ao.results({ process, from, limit: 1 }))).toEqual(['2']);
    // As the aos console begins to follow a process, and goes on.
    const newest = await ao.results({ process, sort: 'DESC', limit: 5 });
    expect(counts(newest)).toEqual(['5', '4', '3', '2', '1']);
    const last = newest.edges[0]?.cursor ?? '';
    expect(JSON.parse(atob(last))).toMatchObject({ ordinate: '5' });
    await ao.result({ process, message: await send(process, action('Add')) });
    expect(counts(await ao.results({ process, from: last, sort: 'ASC', limit: 1000 }))).toEqual(['6']);
  });

  test('a dry-run has what it is given, and its own words for the rest', async () => {
    const process = await spawn();
    const show = async (more: object) =>
      JSON.parse((await ao.dryrun({ process, tags: action('Show'), ...more })).Output.data);
    expect(await show({})).toMatchObject({
      Id: '1234',
      Owner: '1234',
      From: '1234',
      Data: '1234',
      Anchor: '0',
    });
    const own = { Id: 'mine', Owner: address, anchor: 'held', data: 'asked' };
    expect(await show(own)).toMatchObject({ Id: 'mine', From: address, Anchor: 'held', Data: 'asked' });
    const failed = await ao.dryrun({ process, tags: action('Fail') });
    expect(failed.Error).toContain('on purpose');
  });
});

test('assign: a message of one process gets a slot of another, with what is left out', async () => {
  const [process, other] = await Promise.all([spawn(), spawn()]);
  await send(other, action('Eval'), 'ao.addAssignable("show", { Action = "Show" })');
  const message = await send(process, action('Show'), 'for both');
  const id = await ao.assign({ process: other, message, exclude: ['Data'] });
  expect(id).toMatch(/^[\w-]{43}$/);
  const shown = await seen(other, id);
  expect(shown).toMatchObject({ Id: message, Target: process });
  expect(shown.Data).toBeFalsy();
});

test('the schedule: messages in a range, one by its id, the newest slot', async () => {
  const process = await spawn();
  const message = await send(process, action('Add'));
  const { edges } = await ao.getMessages({ processId: process, from: '0', to: String(Date.now() + 60_000) });
  expect(edges.map(({ node }) => node.message?.id)).toEqual([message]);
  const limited = { processId: process, from: '0', to: String(Date.now() + 60_000), limit: '1' };
  expect((await ao.getMessages(limited)).edges).toHaveLength(1);
  const one = await ao.getMessageById({ processId: process, messageId: message });
  expect(one.message?.id).toBe(message);
  expect(await ao.getLastSlot({ processId: process })).toBe('1');
  network.advance(60_000);
  expect(await ao.getLastSlot({ processId: process, since: -3_600_000 })).toBeUndefined();
});

describe('units that send clients elsewhere', () => {
  const routers: Awaited<ReturnType<typeof ur.create>>[] = [];
  let redirected: Legacy;
  beforeAll(async () => {
    const urls = [];
    for (const unit of ['mu', 'cu'] as const) {
      const env = {
        PORT: '0',
        AO_UNIT: unit,
        HOSTS: network.file[unit],
        STRATEGY: 'redirect',
        LOG_LEVEL: 'error',
      };
      const router = await ur.create(ur.configFrom(env));
      routers.push(router);
      await router.start();
      urls.push(router.url);
    }
    const [mu = '', cu = ''] = urls;
    redirected = connected({ mu, cu });
  });
  afterAll(async () => {
    for (const router of routers) await router[Symbol.asyncDispose]();
  });

  test('are followed, with the body, by every function', async () => {
    const process = await spawn();
    const message = (await redirected.message({ process, signer, tags: action('Add') })) as string;
    expect((await redirected.result({ process, message })).Messages[0]?.Data).toBe('1');
    expect((await redirected.results({ process })).edges).toHaveLength(2);
    expect((await redirected.dryrun({ process, tags: action('Add') })).Messages[0]?.Data).toBe('2');
    await redirected.monitor({ process, signer });
    await redirected.unmonitor({ process, signer });
    expect(await redirected.assign({ process: await spawn(), message })).toMatch(/^[\w-]{43}$/);
  });
});

describe('browsers', () => {
  test.each([
    ['mu', '/', 'POST', 'content-type'],
    ['mu', '/monitor/x', 'DELETE', 'content-type'],
    ['cu', '/dry-run?process-id=x', 'POST', 'content-type'],
    ['cu', '/result/x?process-id=x', 'GET', 'accept'],
    ['su', '/x?process-id=x', 'GET', 'accept'],
    ['gateway', '/graphql', 'POST', 'content-type'],
  ] as const)('%s%s: they may %s', async (unit, path, method, header) => {
    const answer = await fetch(network.file[unit] + path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://page.example',
        'access-control-request-method': method,
        'access-control-request-headers': header,
      },
    });
    expect(answer.ok).toBe(true);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toContain(method);
  });
});

describe('the aos console', () => {
  test('finds a process by its name and owner', async () => {
    const process = await spawn([{ name: 'Name', value: 'mine' }]);
    const query = `query ($owners: [String!]!, $names: [String!]!) {
      transactions(first: 10, owners: $owners, tags: [
        { name: "Data-Protocol", values: ["ao"] }, { name: "Type", values: ["Process"] }, { name: "Name", values: $names }
      ]) { edges { node { id tags { name value } } } } }`;
    const found = async () => {
      const answer = await fetch(`${network.file.gateway}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables: { owners: [address, ''], names: ['mine'] } }),
      });
      const { data } = (await answer.json()) as {
        data: { transactions: { edges: { node: { id: string } }[] } };
      };
      return data.transactions.edges.map(({ node }) => node.id);
    };
    await expect.poll(found, { timeout: 20_000 }).toEqual([process]);
  });

  test('gets a version, a prompt, and text for what gives nothing', async () => {
    const process = await spawn();
    const evaluate = async (lua: string) =>
      (await ao.result({ process, message: await send(process, action('Eval'), lua) })).Output;
    const version = await evaluate("require('.process')._version");
    expect(version.data).toMatch(/^\d+\.\d+\.\d+$/);
    expect(version.prompt).toContain('aos');
    expect(await evaluate('Name = "x"')).toMatchObject({ data: '', prompt: expect.any(String) });
  });
});

test('an item that was changed on its way is refused', async () => {
  const process = await spawn();
  const { raw } = await ao.signMessage({ process, signer, tags: action('Add') });
  const changed = Buffer.from(raw);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  const { id } = parseDataItem(changed);
  await expect(ao.sendSignedMessage({ id, raw: changed })).rejects.toThrow();
  const answer = await fetch(network.file.mu, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: changed,
  });
  expect(answer.status).toBe(400);
});
