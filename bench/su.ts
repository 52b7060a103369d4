import { createHash, generateKeyPairSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arweaveSigner, createDataItem, verifyDataItem } from '@ao-ts/core/ans104';
import { generateWallet } from '@ao-ts/server-kit';
import { postAll } from './load.ts';
import { type Figure, percentile } from './report.ts';
import { inLanes, timed, Units } from './units.ts';

const WRITES = 1600;
const HISTORY = 10_000;
const NOTE = () => ({ Action: 'Note' });

/** A bundler that takes everything: what the local gateway spends on uploads is not the scheduler's. */
async function startBundler(): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{"id":"taken"}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** How fast something goes, and the processor time it takes. */
interface Floor {
  perSecond: number;
  processorMs: number;
}

/** Does the work `count` times, `lanes` at a time. */
async function floorOf(work: () => Promise<unknown>, lanes: number, count: number): Promise<Floor> {
  const cpu = process.cpuUsage();
  const ms = await timed(() =>
    inLanes(Array.from({ length: count }), lanes, async () => void (await work())),
  );
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (count * 1000) / ms, processorMs: (user + system) / 1000 / count };
}

const MESSAGE = createHash('sha384').digest();

interface Writes {
  perSecond: number;
  /** Processor time of one write: of the unit with all its uploads, and of the client. */
  unitMs: number;
  clientMs: number;
}

/** Writes one item to each process in turn, as if all were busy alike. */
async function write(
  units: Units,
  processes: readonly string[],
  count: number,
  lanes: number,
): Promise<Writes> {
  const each = await Promise.all(processes.map((id) => units.messages(id, count / processes.length, NOTE)));
  const bodies = each[0]?.flatMap((_, index) => each.flatMap((list) => list[index]?.raw ?? [])) ?? [];
  const before = await units.processorMs('su');
  const { ms, clientCpuMs } = await postAll({ url: units.su, bodies, lanes });
  await units.uploaded();
  const unitMs = ((await units.processorMs('su')) - before) / bodies.length;
  return { perSecond: (bodies.length * 1000) / ms, unitMs, clientMs: clientCpuMs / bodies.length };
}

const registered = (units: Units, count: number) =>
  Promise.all(Array.from({ length: count }, () => units.register('')));

async function singleWrites(units: Units, count: number): Promise<number[]> {
  const [process = ''] = await registered(units, 1);
  const bodies = (await units.messages(process, count, NOTE)).map(({ raw }) => raw);
  return (await postAll({ url: units.su, bodies, lanes: 1 })).samples;
}

/** Measures between two looks at the floor, whose mean counts: a busy machine is busy for both. */
async function beside<T>(floor: () => Promise<Floor>, measure: () => Promise<T>): Promise<[T, Floor]> {
  const before = await floor();
  const measured = await measure();
  const after = await floor();
  const mean = (of: (floor: Floor) => number) => (of(before) + of(after)) / 2;
  return [measured, { perSecond: mean((f) => f.perSecond), processorMs: mean((f) => f.processorMs) }];
}

/** MB/s of one long page, and of the same bytes as a file over HTTP. */
async function paging(units: Units): Promise<{ page: number; file: number }> {
  const [id = ''] = await registered(units, 1);
  for (let i = 0; i < HISTORY / 1000; i++) await units.schedule(await units.messages(id, 1000, NOTE));
  const directory = await mkdtemp(join(tmpdir(), 'ao-bench-page-'));
  const path = join(directory, 'page.json');
  const download = async (url: string) => (await units.http.send(url)).body;
  const url = `${units.su}/${id}?limit=${HISTORY}`;
  const bytes = await download(url);
  await writeFile(path, bytes);
  const server = createServer((_request, response) => createReadStream(path).pipe(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const speed = async (from: string) => bytes.length / 1000 / (await timed(() => download(from)));
  const file = await speed(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const page = await speed(url);
  server.close();
  await rm(directory, { recursive: true });
  return { page, file };
}

/** The scheduler unit as a program of its own: how near it comes to what its signatures cost. */
export async function schedulerSuite(): Promise<Figure[]> {
  const wallet = await generateWallet();
  const rsa = arweaveSigner(wallet);
  const figures: Figure[] = [];
  const figure = (name: string, value: number, unit: string, rest: Partial<Figure> = {}) =>
    figures.push({ suite: 'su', name, value, unit, better: 'higher', ...rest });
  const cost = (what: string, { unitMs, clientMs }: Writes, of: string, floor: Floor) => {
    const better = 'lower';
    figure(`processor time of a write (${what}), ÷ ${of}`, unitMs, 'ms', {
      floor: floor.processorMs,
      better,
    });
    figure(`processor time of the client for it (${what})`, clientMs, 'ms', { better });
  };
  const names = ['gateway', 'su'] as const;
  const bundler = await startBundler();
  const options = { client: rsa, env: { su: { UPLOAD_NODE_URL: bundler.url } } };
  const sign = () => rsa.sign(MESSAGE);
  {
    await using units = await Units.start(names, { ...options, key: wallet });
    const processes = await registered(units, 16);
    await write(units, processes, WRITES, 64);
    const oneThread = () => floorOf(sign, 1, 200);
    const allCores = () => floorOf(sign, 4, 400);
    const [one, thread] = await beside(oneThread, () => write(units, processes.slice(0, 1), WRITES, 64));
    const [many, cores] = await beside(allCores, () => write(units, processes, WRITES, 128));
    const [single, signature] = await beside(oneThread, () => singleWrites(units, 200));
    figure('writes to one process ÷ RSA signatures of one thread', one.perSecond, '/s', {
      floor: thread.perSecond,
      goal: 0.9,
    });
    figure('writes to 16 processes ÷ RSA signatures of all cores', many.perSecond, '/s', {
      floor: cores.perSecond,
      goal: 0.85,
    });
    cost('RSA key, 16 processes', many, 'of its signature', cores);
    for (const share of [0.5, 0.99]) {
      figure(`one write p${share * 100}, beside its signature`, percentile(single, share), 'ms', {
        floor: 1000 / signature.perSecond,
        better: 'lower',
      });
    }
  }
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  await using units = await Units.start(names, { ...options, key: ed25519 });
  const processes = await registered(units, 16);
  await write(units, processes, WRITES, 64);
  const signed = await createDataItem({ data: 'x' }, rsa);
  const verifying = () => floorOf(() => verifyDataItem(signed), 64, 1500);
  const [fast, verify] = await beside(verifying, () => write(units, processes, 2 * WRITES, 64));
  figure('writes with an Ed25519 key ÷ verifications of RSA items', fast.perSecond, '/s', {
    floor: verify.perSecond,
    goal: 0.5,
  });
  cost('Ed25519 key, 16 processes', fast, 'of a verification', verify);
  const { page, file } = await paging(units);
  figure('a page of 10,000 slots ÷ the same bytes as a file', page, 'MB/s', { floor: file, goal: 0.3 });
  bundler.server.close();
  return figures;
}
