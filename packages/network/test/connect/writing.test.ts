import { constants, createPrivateKey, sign } from 'node:crypto';
import {
  createDataItem,
  ethereumAddress,
  ethereumSigner,
  type ItemContent,
  parseDataItem,
} from '@ao-ts/core/ans104';
import Arweave from 'arweave';
import { afterAll, describe, expect, test } from 'vitest';
import { action, connected, NOWHERE, type Tag } from './connected.ts';

/** The functions of the published client library that write: spawn, message, assign, monitor. */

const { network, library, wallet, ao, signer, address, spawn, send, count, seen, query } =
  await connected(afterAll);

describe('spawn', () => {
  test('gives the id of the process, which is on the gateway as it was signed', async () => {
    const process = await spawn([{ name: 'Name', value: 'counter' }], '');
    const read = async () => (await fetch(`${network.file.gateway}/tx/${process}`)).status;
    await expect.poll(read, { timeout: 20_000 }).toBe(200);
    const ask = `query ($ids: [ID!]!) { transactions(ids: $ids) { edges { node { owner { address } tags { name value } } } } }`;
    const [node] = await query(ask, { ids: [process] });
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
    expect(node).toMatchObject({
      owner: { address },
      tags: [...names, 'Scheduler', 'Timestamp'].map((name) => expect.objectContaining({ name })),
    });
  });

  test('of what is no module says which id', async () => {
    const process = await spawn();
    for (const module of [NOWHERE, process]) {
      const spawning = network.client.spawn('', { module });
      await expect(spawning).rejects.toMatchObject({
        code: 'CLIENT.MODULE',
        message: expect.stringMatching(new RegExp(`gateway at ${network.file.gateway} .*${module}`)),
      });
    }
  });

  test('with a scheduler nobody knows is refused with its address', async () => {
    const spawning = ao.spawn({ module: network.file.module, scheduler: NOWHERE, signer });
    await expect(spawning).rejects.toThrow(new RegExp(`^400: .*${NOWHERE}.*SCHEDULER\\.NOT_FOUND`));
  });

  test('with the tags of serializeCron: it ticks while it is monitored, and no longer', async () => {
    const interval = library.serializeCron({ interval: '1-second', tags: action('Add') });
    const process = await spawn(interval as Tag[]);
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

  test('with a Type of its own, which the library puts before that of the protocol', async () => {
    const own = { name: 'Type', value: 'Report' };
    const process = await spawn([own]);
    const message = await send(process, action('Show', own));
    expect(await seen(process, message)).toMatchObject({
      TagArray: expect.arrayContaining([own, { name: 'Type', value: 'Message' }]),
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

  test('of a signer that signs what the library has composed', async () => {
    const process = await spawn();
    const publicKey = Buffer.from(wallet.n, 'base64url');
    const key = createPrivateKey({ key: wallet, format: 'jwk' });
    const hashSigner = async (compose: (how: object) => Promise<Uint8Array>) => {
      const hash = await compose({ publicKey, type: 1, alg: 'rsa-v1_5-sha256' });
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return { signature: sign('sha256', hash, { key, padding, saltLength: 32 }), address };
    };
    const message = await ao.message({ process, signer: hashSigner as never, tags: action('Show') });
    expect(await seen(process, message as string)).toMatchObject({ From: address, Owner: address });
  });

  test('to a process nobody knows, or that is too large, is refused with status, reason and code', async () => {
    await expect(send(NOWHERE, action('Add'))).rejects.toThrow(
      new RegExp(`^404: .*${NOWHERE}.*PROCESS\\.NOT_FOUND`),
    );
    const large = 'x'.repeat(10 * 1024 * 1024);
    await expect(send(await spawn(), action('Add'), large)).rejects.toThrow(/^413: .*"code":/);
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

test('assign: a transaction of the base layer gets a slot, and is evaluated, once it is settled', async () => {
  const { hostname, port } = new URL(network.file.gateway);
  const arweave = Arweave.init({ host: hostname, port, protocol: 'http' });
  const transaction = await arweave.createTransaction({ data: 'from layer one' }, wallet);
  transaction.addTag('Action', 'Show');
  await arweave.transactions.sign(transaction, wallet);
  expect(await arweave.transactions.post(transaction)).toMatchObject({ status: 200 });

  const process = await spawn();
  await send(process, action('Eval'), 'ao.addAssignable("show", { Action = "Show" })');
  const assign = () => ao.assign({ process, message: transaction.id, baseLayer: true });
  await expect(assign()).rejects.toThrow(/^400: /);
  await fetch(`${network.file.gateway}/mine/20`);
  const shown = await seen(process, await assign());
  expect(shown).toMatchObject({ Id: transaction.id, From: address, Data: 'from layer one' });
});

test('assign: what is no transaction of the base layer is refused as one, in the words of the scheduler', async () => {
  const process = await spawn();
  const message = await send(process, action('Show'));
  const assigning = ao.assign({ process, message, baseLayer: true });
  await expect(assigning).rejects.toThrow(/^400: .*ransaction/);
});

test('an item that was changed on its way is refused', async () => {
  const process = await spawn();
  const { raw } = await ao.signMessage({ process, signer, tags: action('Add') });
  const changed = Buffer.from(raw);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  const { id } = parseDataItem(changed);
  // The library checks it itself, and says something else.
  await expect(ao.sendSignedMessage({ id, raw: changed })).rejects.toThrow('communicating with MU');
  const answer = await fetch(network.file.mu, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: changed,
  });
  expect(answer.status).toBe(400);
});
