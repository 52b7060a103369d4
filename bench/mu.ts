import { arweaveSigner } from '@ao-ts/core/ans104';
import { generateWallet, requestJson } from '@ao-ts/server-kit';
import { z } from 'zod';
import { signaturesPerSecond } from './floors.ts';
import { type Figure, percentile } from './report.ts';
import { timed, Units } from './units.ts';

const HOPS = 25;
const FAN_OUT = 200;
const POSTS = 400;
/** Posts and writes take turns in parts of this size, so that both meet the same machine. */
const PART = 50;
const QUEUED = 10_000;
const SINKS = 20;

const HOPPER = `
Handlers.add("hop", { Action = "Hop" }, function(msg)
  local left = tonumber(msg.Tags.Left)
  if left > 0 then Send({ Target = msg.Tags.Peer, Action = "Hop", Peer = ao.id, Left = tostring(left - 1) }) end
end)`;
const FAN = `
Handlers.add("fan", { Action = "Fan" }, function(msg)
  local peers = {}
  for peer in msg.Data:gmatch("%S+") do peers[#peers + 1] = peer end
  for i = 1, tonumber(msg.Tags.Count) do Send({ Target = peers[i % #peers + 1], Action = "Note" }) end
end)`;

const Status = z.object({ pending: z.number() });
const Tree = z.object({
  nodes: z.array(
    z.object({
      depth: z.number(),
      target: z.string(),
      nonce: z.number().nullable(),
      resultedAt: z.number().nullable(),
      scheduledAt: z.number().nullable(),
    }),
  ),
});

/** Between two looks at the messenger: each costs it what a message costs. */
const LOOK_EVERY_MS = 50;

async function settled(units: Units): Promise<void> {
  const remote = { http: units.http, url: units.mu, name: 'messenger unit' };
  while ((await requestJson(remote, '/status', Status)).pending > 0)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

/** Nodes of what a message caused, in order of depth. */
async function tree(units: Units, id: string) {
  const remote = { http: units.http, url: units.mu, name: 'messenger unit' };
  const { nodes } = await requestJson(remote, `/messages/${id}?limit=1000`, Tree);
  return nodes.toSorted((a, b) => a.depth - b.depth);
}

/** Milliseconds from each result to the write of what it sent, along a chain of messages. */
async function hops(units: Units): Promise<number[]> {
  const [left, right] = [await units.spawn(HOPPER), await units.spawn(HOPPER)];
  const [item] = await units.messages(left, 1, () => ({ Action: 'Hop', Peer: right, Left: String(HOPS) }));
  if (!item) return [];
  await units.post([item]);
  await settled(units);
  const chain = await tree(units, item.id);
  return chain.slice(1).map((node, index) => (node.scheduledAt ?? 0) - (chain[index]?.resultedAt ?? 0));
}

/** Has one process send `count` messages to others, in turn; gives the message that makes it do so. */
async function fan(units: Units, count: number, sinks: number): Promise<{ source: string; id: string }> {
  const source = await units.spawn(FAN);
  const peers = await Promise.all(Array.from({ length: sinks }, () => units.spawn('')));
  const [item] = await units.messages(
    source,
    1,
    () => ({ Action: 'Fan', Count: String(count) }),
    peers.join(' '),
  );
  if (!item) throw new Error('nothing was made');
  await units.post([item]);
  return { source, id: item.id };
}

/** Milliseconds from a result to the write of the first and of the last message that it sent to one target. */
async function fanOut(units: Units): Promise<{ first: number; all: number }> {
  const { id } = await fan(units, FAN_OUT, 1);
  await settled(units);
  const [root, ...children] = await tree(units, id);
  const inOrder = children.every(({ nonce }, index) => nonce === index + 1);
  if (!inOrder || children.length !== FAN_OUT) throw new Error('the messages did not arrive in their order');
  const times = children.map((child) => (child.scheduledAt ?? 0) - (root?.resultedAt ?? 0));
  return { first: Math.min(...times), all: Math.max(...times) };
}

interface Throughput {
  writes: number;
  posts: number;
  /** Processor time of the messenger per post ÷ that of the scheduler per write. */
  processor: number;
}

/** Writes to the scheduler a second, directly and through the messenger. */
async function throughput(units: Units, tags: Record<string, string>): Promise<Throughput> {
  const target = await units.spawn('');
  const part = () => units.messages(target, PART, () => ({ Action: 'Note', ...tags }));
  let [direct, through, su, mu] = [0, 0, 0, 0];
  await units.post(await part());
  for (let done = 0; done < POSTS; done += PART) {
    const [items, others] = [await part(), await part()];
    const before = await units.processorMs('su');
    direct += await timed(() => units.schedule(items));
    su += (await units.processorMs('su')) - before;
    const idle = await units.processorMs('mu');
    through += await timed(() => units.post(others));
    mu += (await units.processorMs('mu')) - idle;
    await settled(units);
  }
  return { writes: (POSTS * 1000) / direct, posts: (POSTS * 1000) / through, processor: mu / su };
}

/** Messages a second that are delivered after the unit was killed with all of them in its ledger. */
async function drainedPerSecond(units: Units): Promise<number> {
  const { source, id } = await fan(units, QUEUED, SINKS);
  await units.compute.result(source, id);
  await units.restart('mu', 'SIGKILL');
  return (QUEUED * 1000) / (await timed(() => settled(units)));
}

/** The messenger unit between the real other units, each a program of its own. */
export async function messengerSuite(): Promise<Figure[]> {
  const wallet = await generateWallet();
  await using units = await Units.start(['gateway', 'su', 'cu', 'mu'], { key: wallet });
  const figures: Figure[] = [];
  const figure = (name: string, value: number, unit: string, rest: Partial<Figure>) =>
    figures.push({ suite: 'mu', name, value, unit, better: 'lower', ...rest });

  await hops(units);
  const signature = 1000 / (await signaturesPerSecond(arweaveSigner(wallet), 100));
  const hop = percentile(await hops(units), 0.5);
  figure('hop: result to next SU write p50, beside its two RSA signatures', hop, 'ms', {
    floor: 2 * signature,
  });
  figure('hop p50 minus its two RSA signatures', hop - 2 * signature, 'ms', { goal: 10 });

  const { first, all } = await fanOut(units);
  figure(`fan-out of ${FAN_OUT}: first child at the SU`, first, 'ms', { goal: 50 });
  figure(`fan-out of ${FAN_OUT}: all, beside two RSA signatures each`, all, 'ms', {
    floor: 2 * signature * FAN_OUT,
  });

  // `Cast`: nobody asks for the result, so that the compute unit takes no processor from either.
  const cast = await throughput(units, { Cast: 'True' });
  figure('posts ÷ SU writes', cast.posts, '/s', { floor: cast.writes, goal: 0.9, better: 'higher' });
  figure('processor time of a post ÷ of an SU write', cast.processor, '', {});
  const pulled = await throughput(units, {});
  figure('posts whose results are pulled and evaluated beside them ÷ SU writes', pulled.posts, '/s', {
    floor: pulled.writes,
    better: 'higher',
  });

  const drained = await drainedPerSecond(units);
  figure(`${QUEUED} queued children drained after kill -9 ÷ RSA signatures`, drained, '/s', {
    floor: 1000 / signature,
    better: 'higher',
  });
  return figures;
}
