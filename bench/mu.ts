import { arweaveSigner } from '@ao-ts/core/ans104';
import { generateWallet, requestJson } from '@ao-ts/server-kit';
import { z } from 'zod';
import { signaturesPerSecond } from './floors.ts';
import { type Figure, percentile } from './report.ts';
import { timed, Units } from './units.ts';

const HOPS = 25;
const FAN_OUT = 200;
const POSTS = 400;
const QUEUED = 1000;

const HOPPER = `
Handlers.add("hop", { Action = "Hop" }, function(msg)
  local left = tonumber(msg.Tags.Left)
  if left > 0 then Send({ Target = msg.Tags.Peer, Action = "Hop", Peer = ao.id, Left = tostring(left - 1) }) end
end)`;
const FAN = `
Handlers.add("fan", { Action = "Fan" }, function(msg)
  for i = 1, tonumber(msg.Tags.Count) do Send({ Target = msg.Tags.Peer, Action = "Note", I = tostring(i) }) end
end)`;

const Status = z.object({ pending: z.number() });
const Tree = z.object({
  nodes: z.array(
    z.object({
      depth: z.number(),
      resultedAt: z.number().nullable(),
      scheduledAt: z.number().nullable(),
    }),
  ),
});

async function settled(units: Units): Promise<void> {
  const remote = { http: units.http, url: units.mu, name: 'messenger unit' };
  while ((await requestJson(remote, '/status', Status)).pending > 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
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

async function fanOut(units: Units): Promise<{ first: number; all: number }> {
  const [source, sink] = [await units.spawn(FAN), await units.spawn('')];
  const [item] = await units.messages(source, 1, () => ({
    Action: 'Fan',
    Peer: sink,
    Count: String(FAN_OUT),
  }));
  if (!item) return { first: Number.NaN, all: Number.NaN };
  await units.post([item]);
  await settled(units);
  const [root, ...children] = await tree(units, item.id);
  const times = children.map((child) => (child.scheduledAt ?? 0) - (root?.resultedAt ?? 0));
  return { first: Math.min(...times), all: Math.max(...times) };
}

/** Children per second that are delivered after the unit was killed with all of them in its ledger. */
async function drainedPerSecond(units: Units): Promise<number> {
  const [source, sink] = [await units.spawn(FAN), await units.spawn('')];
  const [item] = await units.messages(source, 1, () => ({
    Action: 'Fan',
    Peer: sink,
    Count: String(QUEUED),
  }));
  if (!item) return Number.NaN;
  await units.post([item]);
  await units.compute.result(source, item.id);
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

  const target = await units.spawn('');
  const notes = () => units.messages(target, POSTS, () => ({ Action: 'Note' }));
  const [direct, through] = [await notes(), await notes()];
  const writes = (POSTS * 1000) / (await timed(() => units.schedule(direct)));
  const posts = (POSTS * 1000) / (await timed(() => units.post(through)));
  figure('posts ÷ SU writes', posts, '/s', { floor: writes, goal: 0.9, better: 'higher' });
  await settled(units);

  const drained = await drainedPerSecond(units);
  figure(`${QUEUED} queued children drained after kill -9 ÷ RSA signatures`, drained, '/s', {
    floor: 1000 / signature,
    better: 'higher',
  });
  return figures;
}
