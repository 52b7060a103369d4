import { randomBytes } from 'node:crypto';
import { createDataItem, type DataItem, ethereumSigner, type Tag } from '@ao-ts/core/ans104';
import { Network } from '@ao-ts/network';
import { ComputeClient, HttpClient, SchedulerClient } from '@ao-ts/server-kit';
import { endToEndFigures } from './end-to-end.ts';
import { handlesPerSecond, httpRoundTrip, signaturesPerSecond } from './floors.ts';
import { type Figure, percentile } from './report.ts';
import { routerFigures } from './router.ts';

const COUNTER = `
Count = 0
Handlers.add("count", { Action = "Count" }, function(msg)
  Count = Count + 1
  msg.reply({ Action = "Counted", Data = tostring(Count) })
end)`;

const HOPPER = `
Handlers.add("hop", { Action = "Hop" }, function(msg)
  local left = tonumber(msg.Tags.Left)
  if left > 0 then Send({ Target = msg.Tags.Peer, Action = "Hop", Peer = ao.id, Left = tostring(left - 1) }) end
end)`;

/** The whole network at once, as a client sees it, and each unit inside it. */
export async function networkSuite(): Promise<Figure[]> {
  await using network = await Network.start({ logLevel: 'error' });
  const http = new HttpClient();
  const scheduler = new SchedulerClient(http, network.file.su);
  const compute = new ComputeClient(http, network.file.cu);
  // Clients of the benchmark sign with a cheap key: it is the network that is measured.
  const client = ethereumSigner(randomBytes(32));
  const protocol = (type: string): Tag[] => [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Type', value: type },
  ];
  // The same content signed by this key would be the same item, and refused.
  const anchor = () => randomBytes(16).toString('hex');
  const post = (item: DataItem) =>
    http.send(network.file.mu, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: item.raw,
    });
  const spawn = async (source: string): Promise<string> => {
    const tags = [
      ...protocol('Process'),
      { name: 'Module', value: network.file.module },
      { name: 'Scheduler', value: network.file.scheduler },
      { name: 'Authority', value: network.file.authority },
      { name: 'On-Boot', value: 'Data' },
    ];
    const item = await createDataItem({ anchor: anchor(), tags, data: source }, client);
    const { status, body } = await post(item);
    if (status !== 202) throw new Error(`spawn answered ${status}: ${body}`);
    await compute.result(item.id, item.id);
    return item.id;
  };
  const message = (target: string, tags: Tag[]) =>
    createDataItem({ target, anchor: anchor(), tags: [...protocol('Message'), ...tags], data: ' ' }, client);
  const counts = (target: string, n: number) =>
    Promise.all(Array.from({ length: n }, () => message(target, [{ name: 'Action', value: 'Count' }])));

  const signatures = await signaturesPerSecond(network.signer);
  const roundTrip = await httpRoundTrip();
  const handles = await handlesPerSecond(COUNTER, () => ({
    Tags: [{ name: 'Action', value: 'Count' }],
    Data: ' ',
  }));
  const figures: Figure[] = [];

  const counter = await spawn(COUNTER);
  const burst = await counts(counter, 200);
  let started = performance.now();
  await Promise.all(burst.map((item) => scheduler.schedule(item.raw)));
  const writes = (burst.length * 1000) / (performance.now() - started);
  figures.push({
    suite: 'network',
    name: 'SU writes to one process ÷ RSA signatures of one thread',
    value: writes,
    unit: '/s',
    floor: signatures,
    goal: 0.9,
    better: 'higher',
  });

  started = performance.now();
  await compute.result(counter, burst.at(-1)?.id ?? '');
  const caughtUp = (burst.length * 1000) / (performance.now() - started);
  figures.push({
    suite: 'network',
    name: 'CU catch-up ÷ raw handle',
    value: caughtUp,
    unit: '/s',
    floor: handles,
    goal: 0.8,
    better: 'higher',
  });

  const warm: number[] = [];
  for (const item of await counts(counter, 40)) {
    await scheduler.schedule(item.raw);
    started = performance.now();
    await compute.result(counter, item.id);
    warm.push(performance.now() - started);
  }
  figures.push({
    suite: 'network',
    name: 'CU warm result p50 beside an HTTP round trip',
    value: percentile(warm, 0.5),
    unit: 'ms',
    floor: roundTrip,
    better: 'lower',
  });
  figures.push({
    suite: 'network',
    name: 'CU warm result p50 minus one raw handle',
    value: percentile(warm, 0.5) - 1000 / handles,
    unit: 'ms',
    goal: 5,
    better: 'lower',
  });

  const [left, right] = [await spawn(HOPPER), await spawn(HOPPER)];
  const hops = 50;
  const first = await message(left, [
    { name: 'Action', value: 'Hop' },
    { name: 'Peer', value: right },
    { name: 'Left', value: String(hops) },
  ]);
  started = performance.now();
  await post(first);
  await network.settle(60_000);
  const hop = (performance.now() - started) / hops;
  figures.push({
    suite: 'network',
    name: 'MU hop (evaluate, sign, schedule) beside its two RSA signatures',
    value: hop,
    unit: 'ms',
    floor: 2000 / signatures,
    better: 'lower',
  });
  figures.push({
    suite: 'network',
    name: 'MU hop minus its two RSA signatures',
    value: hop - 2000 / signatures,
    unit: 'ms',
    goal: 10,
    better: 'lower',
  });

  await network.settle(60_000);
  await http.close();
  return [...figures, ...(await endToEndFigures()), ...(await routerFigures())];
}
