import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createDataItem, ethereumSigner, type Tag } from '@ao-ts/core/ans104';
import { connect, createDataItemSigner } from '@permaweb/aoconnect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, Network, outputText } from '../src/index.ts';

const LEDGER = `
Total = 0
Handlers.add("add", { Action = "Add" }, function(msg)
  Total = Total + tonumber(msg.Tags.Amount)
  msg.reply({ Action = "Added", Data = tostring(Total) })
end)
Handlers.add("total", { Action = "Total" }, function(msg)
  msg.reply({ Data = tostring(Total) })
end)`;

let network: Network;
let client: Client;

beforeAll(async () => {
  network = await Network.start({ logLevel: 'error' });
  client = network.client;
});
afterAll(() => network?.stop());

describe('with the published client library', () => {
  test('two processes are spawned, programmed by Eval, and one messages the other', async () => {
    const [asker, ledger] = await Promise.all([client.spawn(), client.spawn()]);
    const programmed = await client.eval(ledger, LEDGER);
    expect(programmed.Error).toBeUndefined();

    const asked = await client.eval(
      asker,
      `Send({ Target = "${ledger}", Action = "Add", Amount = "5" })
       return "asked"`,
    );
    expect(outputText(asked.Output)).toContain('asked');
    expect(asked.Messages).toHaveLength(1);
    expect(asked.Messages[0]?.Target).toBe(ledger);

    await network.settle();
    expect(await client.value(asker, 'return Inbox[#Inbox].Data')).toContain('5');
    expect(await client.value(asker, 'return Inbox[#Inbox].From')).toContain(ledger);
    expect(await client.value(ledger, 'return Total')).toContain('5');
  });

  test('a conversation inside one function: Send().receive()', async () => {
    const ledger = await client.spawn(LEDGER);
    const asker = await client.spawn();
    await client.eval(
      asker,
      `Answer = Send({ Target = "${ledger}", Action = "Add", Amount = "7" }).receive().Data`,
    );
    await network.settle();
    expect(await client.value(asker, 'return Answer')).toContain('7');
  });

  test('results are listed with cursors and can be resumed', async () => {
    const ledger = await client.spawn(LEDGER);
    for (const amount of ['1', '2', '3']) {
      await client.send(ledger, { Action: 'Add', Amount: amount });
    }
    const all = await client.resultsAfter(ledger);
    expect(all).toHaveLength(4);
    const cursor = all[1]?.cursor ?? '';
    expect(JSON.parse(atob(cursor))).toMatchObject({ ordinate: '1', cron: null });
    const rest = await client.resultsAfter(ledger, cursor);
    expect(rest.map((edge) => edge.cursor)).toEqual(all.slice(2).map((edge) => edge.cursor));
    const [newest] = await client.latestResults(ledger, 1);
    expect(newest?.node.Messages?.[0]?.Data).toBe('6');
  });

  test('as the README says', async () => {
    const { mu, cu, gateway, module, scheduler, authority, wallet } = network.file;
    const ao = connect({ MODE: 'legacy', MU_URL: mu, CU_URL: cu, GATEWAY_URL: gateway });
    const signer = createDataItemSigner(JSON.parse(await readFile(wallet, 'utf8')));
    const tags = [{ name: 'Authority', value: authority }];
    const process = await ao.spawn({ module, scheduler, signer, tags });
    const action = [{ name: 'Action', value: 'Eval' }];
    const message = (await ao.message({ process, signer, tags: action, data: '1 + 1' })) as string;
    expect((await ao.result({ process, message })).Output.data).toBe('2');
  });

  test('a dry-run reads state and changes nothing', async () => {
    const ledger = await client.spawn(LEDGER);
    await client.send(ledger, { Action: 'Add', Amount: '4' });
    const read = await client.dryRun(ledger, { Action: 'Total' });
    expect(read.Messages[0]?.Data).toBe('4');
    const tried = await client.dryRun(ledger, { Action: 'Add', Amount: '100' });
    expect(tried.Messages[0]?.Data).toBe('104');
    expect((await client.dryRun(ledger, { Action: 'Total' })).Messages[0]?.Data).toBe('4');
  });

  test('a dry-run works on a process that has had no message yet', async () => {
    const ledger = await client.spawn(LEDGER);
    expect((await client.dryRun(ledger, { Action: 'Total' })).Messages[0]?.Data).toBe('0');
  });

  test('a process spawns another and hears of it', async () => {
    const parent = await client.spawn();
    await client.eval(
      parent,
      `Child = Spawn(ao.env.Module.Id, {
         Data = 'Born = true',
         Tags = { ["On-Boot"] = "Data", Authority = "${network.file.authority}" }
       }).receive().Tags.Process`,
    );
    await network.settle();
    const child = await client.value(parent, 'return Child');
    expect(child).toMatch(/^[\w-]{43}$/);
    expect((await client.result(child, child)).Error).toBeUndefined();
    await client.eval(
      parent,
      `Send({ Target = Child, Action = "Eval", Data = "Send({ Target = msg and msg.From or Owner, Action = 'Alive', Data = tostring(Born) })" })`,
    );
    await network.settle();
    expect(await client.value(parent, 'return Inbox[#Inbox].Data')).toContain('true');
    const audit = await fetch(`${network.file.mu}/audit/${parent}`, { method: 'POST' });
    expect(await audit.json()).toMatchObject({ missing: [] });
  });

  test('a message is assigned to a second process', async () => {
    const [first, second] = [await client.spawn(), await client.spawn()];
    await client.eval(
      second,
      `ao.addAssignable("note", { Action = "Note" })
       Handlers.add("note", { Action = "Note" }, function(msg) Seen = msg.Data end)`,
    );
    const note = await client.message(first, { Action: 'Note' }, 'seen by both');
    await expect
      .poll(async () => (await fetch(`${network.file.gateway}/raw/${note}`)).status, { timeout: 10_000 })
      .toBe(200);
    const assignment = await client.assign(second, note);
    expect(await client.result(second, assignment)).not.toHaveProperty('Error');
    expect(await client.value(second, 'return Seen')).toContain('seen by both');
  });
});

test('a process and a message that their scheduler has already are seen to all the same', async () => {
  const key = ethereumSigner(randomBytes(32));
  const { su, mu, module, scheduler, authority } = network.file;
  const sign = (tags: Record<string, string>, target?: string) =>
    createDataItem(
      {
        tags: Object.entries({ 'Data-Protocol': 'ao', Variant: 'ao.TN.1', ...tags }).map(([name, value]) => ({
          name,
          value,
        })),
        data: 'Send({ Target = ao.id, Action = "Note" })',
        anchor: randomBytes(32),
        ...(target === undefined ? {} : { target }),
      },
      key,
    );
  const post = async (url: string, item: { raw: Uint8Array }) => {
    const headers = { 'content-type': 'application/octet-stream' };
    return (await fetch(url, { method: 'POST', headers, body: Buffer.from(item.raw) })).status;
  };
  const process = await sign({ Type: 'Process', Module: module, Scheduler: scheduler, Authority: authority });
  const message = await sign({ Type: 'Message', Action: 'Eval' }, process.id);
  for (const item of [process, message]) {
    expect([await post(su, item), await post(mu, item)]).toEqual([200, 202]);
  }
  await network.settle();
  const history = await (await fetch(`${su}/${process.id}?process-id=${process.id}`)).json();
  const senders = (history as { edges: { node: { message: { tags: Tag[] } } }[] }).edges.map(
    ({ node }) => node.message.tags.find(({ name }) => name === 'From-Process')?.value,
  );
  expect(senders).toEqual([undefined, undefined, process.id]);
});

describe('what goes wrong is said so that a person can act on it', () => {
  const key = ethereumSigner(randomBytes(32));
  const post = (body: Uint8Array) =>
    fetch(network.file.mu, { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body });
  const protocol: Tag[] = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Variant', value: 'ao.TN.1' },
  ];

  test('a wrong signature', async () => {
    const process = await client.spawn();
    const item = await createDataItem(
      { target: process, tags: [...protocol, { name: 'Type', value: 'Message' }], data: 'hello' },
      key,
    );
    const changed = Uint8Array.from(item.raw);
    changed[changed.length - 1] = 0;
    const answer = await post(changed);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: string }).error).toMatch(/valid and signed data item/);
  });

  test('an unknown process', async () => {
    const nowhere = randomBytes(32).toString('base64url');
    const failure = await client.message(nowhere, { Action: 'X' }).catch((error: Error) => error.message);
    expect(failure).toContain(`The messenger unit at ${network.file.mu} answered: `);
    expect(failure).toContain(nowhere);
    await expect(client.result(nowhere, nowhere)).rejects.toThrow(
      /compute unit at .* (not found|no process)/i,
    );
  });

  test.each([
    ['Type', [{ name: 'Data-Protocol', value: 'ao' }], /Type/],
    ['Data-Protocol', [{ name: 'Type', value: 'Message' }], /Data-Protocol/],
  ])('a missing %s tag', async (_name, tags, text) => {
    const process = await client.spawn();
    const item = await createDataItem({ target: process, tags, data: 'x' }, key);
    const answer = await post(item.raw);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: string }).error).toMatch(text);
  });

  test('a Lua error, with its line; the process goes on as if it had not happened', async () => {
    const process = await client.spawn();
    await client.eval(process, 'Count = 1');
    const failed = await client.eval(process, 'Count = 2\nlocal x = nil\nreturn x.field');
    expect(String(failed.Error)).toMatch(/3.*attempt to index a nil value/s);
    expect(await client.value(process, 'return Count')).toContain('1');
  });

  test('a spawn on a module that does not exist', async () => {
    const tags = [
      ...protocol,
      { name: 'Type', value: 'Process' },
      { name: 'Module', value: randomBytes(32).toString('base64url') },
      { name: 'Scheduler', value: network.file.scheduler },
    ];
    const item = await createDataItem({ tags, data: ' ' }, key);
    expect((await post(item.raw)).status).toBe(202);
    const answer = await fetch(`${network.file.cu}/result/${item.id}?process-id=${item.id}`);
    expect(answer.status).toBe(404);
    expect(((await answer.json()) as { error: string }).error).toContain(tags[3]?.value);
  });
});
