import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Snapshot, takeSnapshot } from '@ao-ts/core/loader';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Point } from '../domain/slot.ts';
import { SnapshotFiles } from './snapshot-files.ts';

let directory: string;
let store: SnapshotFiles;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'snapshots-'));
  store = new SnapshotFiles(directory);
});

afterEach(() => rm(directory, { recursive: true }));

const pointAt = (nonce: number): Point => ({
  nonce,
  timestamp: nonce * 1000,
  blockHeight: nonce,
  epoch: 0,
  assignmentId: `a${nonce}`,
  hashChain: `h${nonce}`,
});

/** Memories that change a little from one to the next, and grow. */
function memoryAt(nonce: number): Uint8Array {
  const memory = new Uint8Array(3 * 65_536 + nonce * 65_536);
  memory.fill(7, 0, 100);
  memory.fill(nonce, 65_536, 65_536 + 50_000);
  if (nonce % 2 === 0) memory.fill(9, 150_000, 160_000);
  return memory;
}

function bytesOf({ byteLength, pages }: Snapshot): Uint8Array {
  const memory = new Uint8Array(byteLength);
  for (const [page, content] of pages) memory.set(content, page * 16_384);
  return memory;
}

async function saveMany(count: number): Promise<void> {
  let snapshot: Snapshot | undefined;
  for (let nonce = 0; nonce < count; nonce++) {
    snapshot = takeSnapshot(memoryAt(nonce), snapshot);
    await store.save('p', { snapshot, point: pointAt(nonce) });
  }
}

const expectNewest = async (nonce: number, upTo = 1000) => {
  const found = await new SnapshotFiles(directory).newest('p', upTo);
  expect(found?.point).toEqual(pointAt(nonce));
  expect(found && Buffer.compare(bytesOf(found.snapshot), memoryAt(nonce))).toBe(0);
};
async function flip(path: string, where: (length: number) => number): Promise<void> {
  const bytes = await readFile(path);
  const offset = where(bytes.length);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

const files = async () =>
  (await readdir(join(directory, 'p'))).sort(
    (a, b) => Number(a.split(/[-.]/)[1]) - Number(b.split(/[-.]/)[1]),
  );

test('gives back size and bytes exactly, over any number of changes', async () => {
  for (let count = 1; count < 8; count++) {
    await rm(join(directory, 'p'), { recursive: true, force: true });
    store = new SnapshotFiles(directory);
    await saveMany(count);
    await expectNewest(count - 1);
  }
});

test('finds nothing where nothing is, and nothing beyond what is asked for', async () => {
  expect(await store.newest('p', 10)).toBeUndefined();
  await saveMany(3);
  await expectNewest(1, 1);
  expect(await store.newest('p', -1)).toBeUndefined();
});

test('what did not change is not written again', async () => {
  const memory = new Uint8Array(64 * 65_536);
  for (let index = 0; index < memory.length; index++) memory[index] = (index * 2654435761) >>> 13;
  const first = takeSnapshot(memory);
  await store.save('p', { snapshot: first, point: pointAt(0) });
  memory[5] = 255;
  await store.save('p', { snapshot: takeSnapshot(memory, first), point: pointAt(1) });
  const [whole = '', change = ''] = await files();
  const size = async (name: string) => (await readFile(join(directory, 'p', name))).length;
  expect(await size(change)).toBeLessThan((await size(whole)) / 50);
});

test('a memory of many blocks comes back whole, with a last page that is not', async () => {
  const memory = new Uint8Array(200 * 16_384 + 1000);
  for (let index = 0; index < memory.length; index += 3) memory[index] = (index * 2654435761) >>> 13;
  memory.fill(0, 70 * 16_384, 75 * 16_384);
  await store.save('p', { snapshot: takeSnapshot(memory), point: pointAt(0) });
  const found = await new SnapshotFiles(directory).newest('p', 0);
  expect(found && Buffer.compare(bytesOf(found.snapshot), memory)).toBe(0);
  const threads = [...(found?.snapshot.pages.values() ?? [])].map(({ buffer }) => buffer);
  expect(threads.every((buffer) => buffer instanceof SharedArrayBuffer)).toBe(true);
});

test('after a restart only what changed is written, and old files are still removed', async () => {
  let memory = new Uint8Array(64 * 65_536);
  for (let index = 0; index < memory.length; index++) memory[index] = (index * 2654435761) >>> 13;
  await store.save('p', { snapshot: takeSnapshot(memory), point: pointAt(0) });
  const [whole = ''] = await files();
  const { size } = await stat(join(directory, 'p', whole));
  let written = 0;
  for (let nonce = 1; nonce < 200; nonce++) {
    store = new SnapshotFiles(directory);
    const before = await store.newest('p', 1000);
    memory = memory.slice();
    memory[nonce * 20_000] = nonce;
    await store.save('p', { snapshot: takeSnapshot(memory, before?.snapshot), point: pointAt(nonce) });
    written += (await stat(join(directory, 'p', (await files()).at(-1) ?? ''))).size;
  }
  expect(written).toBeLessThan(10 * size);
  expect((await files()).length).toBeLessThan(130);
  const found = await new SnapshotFiles(directory).newest('p', 1000);
  expect(found?.point.nonce).toBe(199);
  expect(found && Buffer.compare(bytesOf(found.snapshot), memory)).toBe(0);
}, 60_000);

test('old files are removed, a second chain is kept', async () => {
  await saveMany(140);
  expect((await files()).length).toBeLessThan(135);
  await expectNewest(139);
});

test.each([
  ['cut off', (path: string) => truncate(path, 50)],
  ['empty', (path: string) => truncate(path, 0)],
  ['changed in one bit of its kind', (path: string) => flip(path, () => 3)],
  ['changed in one bit of its header', (path: string) => flip(path, () => 40)],
  ['changed in one bit of its pages', (path: string) => flip(path, (length) => length - 40)],
  ['changed in its last bit', (path: string) => flip(path, (length) => length - 1)],
  ['too long', (path: string) => appendFile(path, 'x')],
  ['gone', (path: string) => rm(path)],
])('a file that is %s is passed over for the newest good one', async (_, damage) => {
  await saveMany(3);
  await damage(join(directory, 'p', (await files()).at(-1) ?? ''));
  await expectNewest(1);
  await damage(join(directory, 'p', (await files())[0] ?? ''));
  expect(await new SnapshotFiles(directory).newest('p', 1000)).toBeUndefined();
});

test('a draft that a crash left behind is not taken for a snapshot', async () => {
  await saveMany(1);
  await writeFile(join(directory, 'p', '9-99.snapshot.new'), 'half');
  await expectNewest(0);
});
