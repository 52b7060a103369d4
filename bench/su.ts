import { createHash, generateKeyPairSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arweaveSigner, createDataItem, type Signer, verifyDataItem } from '@ao-ts/core/ans104';
import { generateWallet } from '@ao-ts/server-kit';
import { signaturesPerSecond } from './floors.ts';
import { type Figure, percentile } from './report.ts';
import { timed, Units } from './units.ts';

const WRITES = 800;
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

async function parallelSignatures(signer: Signer, count: number): Promise<number> {
  const message = createHash('sha384').digest();
  const ms = await timed(() => Promise.all(Array.from({ length: count }, () => signer.sign(message))));
  return (count * 1000) / ms;
}

async function verificationsPerSecond(signer: Signer, count: number): Promise<number> {
  const item = await createDataItem({ data: 'x' }, signer);
  const ms = await timed(() => Promise.all(Array.from({ length: count }, () => verifyDataItem(item))));
  return (count * 1000) / ms;
}

async function writesPerSecond(units: Units, processes: number, lanes: number): Promise<number> {
  const ids = await Promise.all(Array.from({ length: processes }, () => units.spawn('')));
  const each = await Promise.all(ids.map((id) => units.messages(id, WRITES / processes, NOTE)));
  // One of each in turn, as if all were busy alike.
  const items = each[0]?.flatMap((_, index) => each.flatMap((list) => list[index] ?? [])) ?? [];
  return (items.length * 1000) / (await timed(() => units.schedule(items, lanes)));
}

async function singleWrites(units: Units, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (const item of await units.messages(await units.spawn(''), count, NOTE)) {
    samples.push(await timed(() => units.scheduler.schedule(item.raw)));
  }
  return samples;
}

/** MB/s of one long page, and of the same bytes as a file over HTTP. */
async function paging(units: Units): Promise<{ page: number; file: number }> {
  const id = await units.spawn('');
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
  const figure = (name: string, value: number, unit: string, rest: Partial<Figure>) =>
    figures.push({ suite: 'su', name, value, unit, better: 'higher', ...rest });
  const names = ['gateway', 'su', 'cu'] as const;
  const bundler = await startBundler();
  const options = { client: rsa, env: { su: { UPLOAD_NODE_URL: bundler.url } } };
  {
    await using units = await Units.start(names, { ...options, key: wallet });
    await singleWrites(units, 40);
    const one = await writesPerSecond(units, 1, 64);
    const floor = await signaturesPerSecond(rsa, 150);
    figure('writes to one process ÷ RSA signatures of one thread', one, '/s', { floor, goal: 0.9 });
    const many = await writesPerSecond(units, 16, 128);
    const all = await parallelSignatures(rsa, 300);
    figure('writes to 16 processes ÷ RSA signatures of all cores', many, '/s', { floor: all, goal: 0.85 });
    const single = await singleWrites(units, 150);
    const signature = 1000 / floor;
    figure('one write p50, beside its signature', percentile(single, 0.5), 'ms', {
      floor: signature,
      better: 'lower',
    });
    figure('one write p99, beside its signature', percentile(single, 0.99), 'ms', {
      floor: signature,
      better: 'lower',
    });
  }
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  await using units = await Units.start(names, { ...options, key: ed25519 });
  await writesPerSecond(units, 16, 64);
  const fast = await writesPerSecond(units, 16, 64);
  const verify = await verificationsPerSecond(rsa, 1000);
  figure('writes with an Ed25519 key ÷ verifications of RSA items', fast, '/s', { floor: verify, goal: 0.5 });
  const { page, file } = await paging(units);
  figure('a page of 10,000 slots ÷ the same bytes as a file', page, 'MB/s', { floor: file, goal: 0.3 });
  bundler.server.close();
  return figures;
}
