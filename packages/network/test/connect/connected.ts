import { readFile } from 'node:fs/promises';
import type * as connectLibrary from '@permaweb/aoconnect';
import { expect, vi } from 'vitest';
import { freePorts } from '../../../server-kit/test/free-ports.ts';
import { Network, type Result } from '../../src/index.ts';

/** The published client library on a network of its own, for the tests of this folder. */

export type Library = typeof connectLibrary;
type Call<T> = (input: object) => Promise<T>;
/** Its own types leave out a part of what it has. */
export interface Legacy {
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

export interface Tag {
  name: string;
  value: string;
}

export const action = (value: string, ...more: Tag[]): Tag[] => [{ name: 'Action', value }, ...more];

/** An id that nothing has. */
export const NOWHERE = 'A'.repeat(43);

/** Starts the network, and stops it after the tests of the file. */
export async function connected(after: (stop: () => Promise<void>) => void) {
  // The library reads it when it is loaded, and before it asks the gateway it asks one router on the internet by its
  // name: that there is none here must not look like a broken network.
  const [port = 0] = await freePorts(1);
  vi.stubEnv('GRAPHQL_URL', `http://127.0.0.1:${port}/graphql`);
  const ask = fetch;
  vi.stubGlobal('fetch', (...args: Parameters<typeof fetch>) =>
    String(args[0]).startsWith('https://su-router.')
      ? Promise.resolve(new Response('', { status: 404 }))
      : ask(...args),
  );
  const network = await Network.start({
    logLevel: 'error',
    ports: { gateway: port },
    env: { mu: { MONITOR_INTERVAL_MS: '100' } },
  });
  after(async () => {
    await network.stop();
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  });
  const library: Library = await import('@permaweb/aoconnect');
  const wallet = JSON.parse(await readFile(network.file.wallet, 'utf8'));
  const signer = library.createDataItemSigner(wallet);

  /** The library as a program of this wallet has it, with units at these URLs. */
  const connectTo = (units: Partial<Network['file']> = {}): Legacy => {
    const { mu, cu, gateway } = { ...network.file, ...units };
    return library.connect({
      MODE: 'legacy',
      MU_URL: mu,
      CU_URL: cu,
      GATEWAY_URL: gateway,
    }) as unknown as Legacy;
  };
  const ao = connectTo();

  const spawn = (tags: Tag[] = [], data: string | undefined = COUNTER) =>
    ao.spawn({
      module: network.file.module,
      scheduler: network.file.scheduler,
      signer,
      data,
      tags: [
        { name: 'On-Boot', value: 'Data' },
        { name: 'Authority', value: network.file.authority },
        ...tags,
      ],
    });
  const send = async (process: string, tags: Tag[], data?: string) =>
    (await ao.message({ process, signer, tags, ...(data === undefined ? {} : { data }) })) as string;
  const count = async (process: string) =>
    Number(
      (await ao.dryrun({ process, tags: action('Add', { name: 'Amount', value: '0' }) })).Messages[0]?.Data,
    );
  /** A message as its process sees it. */
  const seen = async (process: string, message: string) => {
    const { Output, Error: failed } = await ao.result({ process, message });
    expect(failed).toBeUndefined();
    return JSON.parse(Output.data) as Record<string, unknown>;
  };
  /** The nodes that the gateway has for a query. */
  const query = async <Node>(text: string, variables: object): Promise<Node[]> => {
    const answer = await fetch(`${network.file.gateway}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text, variables }),
    });
    const { data } = (await answer.json()) as { data: { transactions: { edges: { node: Node }[] } } };
    return data.transactions.edges.map(({ node }) => node);
  };
  const { address } = network.client;
  return { network, library, wallet, ao, signer, address, connectTo, spawn, send, count, seen, query };
}
