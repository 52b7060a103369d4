import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as ur from '@ao-ts/ur';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { action, connected, type Legacy } from './connected.ts';

/** What clients need beside the functions of the library: URLs, redirects, browsers, and what the aos console asks. */

const { network, ao, signer, address, connectTo, spawn, send, query } = await connected(afterAll);

test('URLs that the library puts paths behind have no slash at their end', () => {
  const { gateway, uploader, mu, cu, su } = network.file;
  for (const url of [gateway, uploader, mu, cu, su]) expect(url).not.toMatch(/\/$/);
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
    redirected = connectTo({ mu, cu });
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
    const ask = `query ($owners: [String!]!, $names: [String!]!) {
      transactions(first: 10, owners: $owners, tags: [
        { name: "Data-Protocol", values: ["ao"] }, { name: "Type", values: ["Process"] }, { name: "Name", values: $names }
      ]) { edges { node { id tags { name value } } } } }`;
    const found = () => query(ask, { owners: [address, ''], names: ['mine'] });
    const tags = expect.arrayContaining([{ name: 'Variant', value: 'ao.TN.1' }]);
    await expect.poll(found, { timeout: 20_000 }).toEqual([{ id: process, tags }]);
  });

  test('finds a module by its name', async () => {
    const ask = `query ($name: String!) {
      transactions(first: 100, tags: [
        { name: "Data-Protocol", values: ["ao"] }, { name: "Type", values: ["Module"] }, { name: "Name", values: [$name] }
      ]) { edges { node { id } } } }`;
    expect(await query(ask, { name: 'ao-lua' })).toEqual([{ id: network.file.module }]);
  });

  test('dry-runs Lua as the owner, who is named by Owner alone', async () => {
    const process = await spawn();
    const dry = await ao.dryrun({ process, Owner: address, tags: action('Eval'), data: 'Count + 41' });
    expect(dry.Output.data).toBe('41');
    const other = await ao.dryrun({ process, tags: action('Eval'), data: 'Count + 41' });
    expect(other.Output.data).toContain('New Message From');
  });

  test('sees what is printed unasked in the live feed', async () => {
    const process = await spawn();
    await ao.result({ process, message: await send(process, action('Nobody handles this')) });
    const { edges } = await ao.results({ process, sort: 'DESC', limit: 5 });
    expect(edges[0]?.node.Output).toMatchObject({
      print: true,
      data: expect.stringContaining('Nobody handles this'),
    });
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

test('the functions at the top of the library find the units by environment variables', async () => {
  const process = await spawn();
  const program = `import { message, result, dryrun, createDataItemSigner } from '@permaweb/aoconnect';
    import { readFileSync } from 'node:fs';
    const signer = createDataItemSigner(JSON.parse(readFileSync(process.env.WALLET, 'utf8')));
    const tags = [{ name: 'Action', value: 'Add' }];
    const [ao] = [process.env.PROCESS];
    const id = await message({ process: ao, signer, tags });
    const { Messages } = await result({ process: ao, message: id });
    const dry = await dryrun({ process: ao, tags });
    console.log(Messages[0].Data, dry.Messages[0].Data);`;
  const { mu, cu, gateway, wallet } = network.file;
  const env = { ...globalThis.process.env, MU_URL: mu, CU_URL: cu, GATEWAY_URL: gateway };
  const { stdout } = await promisify(execFile)(
    globalThis.process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: import.meta.dirname, env: { ...env, WALLET: wallet, PROCESS: process } },
  );
  expect(stdout.trim()).toBe('1 2');
});
