import { execFile } from 'node:child_process';
import { mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Network } from '@ao-ts/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ao } from './run-ao.ts';

/** Ctrl-C while something takes long: exit code 130 without a word of a stack, and nothing is left of it. */

let root: string;
let network: Network;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ao-interrupt-'));
  network = await Network.start({ directory: join(root, '.ao'), logLevel: 'error', keys: 'ed25519' });
});
afterAll(async () => {
  await network?.stop();
  await rm(root, { recursive: true, force: true });
});

/** Lua that takes some seconds. */
const LONG = 'local sum = 0 for i = 1, 100000000 do sum = sum + i end';
const interrupted = { code: 130, err: '' };
const ports = ['--gateway-port', '0', '--mu-port', '0', '--su-port', '0', '--cu-port', '0'];
const folder = () => mkdtemp(join(root, 'f-'));

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Messages that the messenger unit has not carried to their end. */
async function pending(): Promise<number> {
  const status = await (await fetch(`${network.file.mu}/status`)).json();
  return (status as { pending: number }).pending;
}

describe('an evaluation', () => {
  test.each(['eval', 'load', 'message'])('%s', async (command) => {
    const process = await network.client.spawn(`Handlers.add("loop", "Loop", function() ${LONG} end)`);
    await writeFile(join(root, 'long.lua'), LONG);
    const what = { eval: [LONG], load: ['long.lua'], message: ['--action', 'Loop'] }[command] ?? [];
    const running = ao([command, process, ...what], { cwd: root });
    await expect.poll(pending, { timeout: 20_000 }).toBe(1);
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject(interrupted);
    await network.settle();
  });
});

test('build: neither a module nor the beginning of one', async () => {
  const cwd = await folder();
  await writeFile(join(cwd, 'process.lua'), 'X = 1');
  // A file that is there and can not be read to its end as long as the other side holds it open.
  await promisify(execFile)('mkfifo', [join(cwd, 'slow.lua')]);
  const building = ao(['build'], { cwd });
  const slow = await open(join(cwd, 'slow.lua'), 'w');
  building.child.kill('SIGINT');
  await slow.close();
  expect(await building.ended).toMatchObject(interrupted);
  expect((await readdir(cwd)).sort()).toEqual(['process.lua', 'slow.lua']);
});

describe('the start of a network', () => {
  test.each(['.ao', '.ao/su'])('once there is %s: the next start goes on from there', async (begun) => {
    const cwd = await folder();
    const starting = ao(['network', 'start', ...ports], { cwd });
    await expect.poll(() => exists(join(cwd, begun)), { timeout: 20_000, interval: 5 }).toBe(true);
    starting.child.kill('SIGINT');
    expect(await starting.ended).toMatchObject(interrupted);
    const again = ao(['network', 'start', ...ports], { cwd });
    await expect.poll(again.output, { timeout: 30_000 }).toContain('Ctrl-C stops it.');
    again.child.kill('SIGINT');
    expect(await again.ended).toMatchObject({ code: 0, err: '' });
  });

  test('that keeps no state leaves none', async () => {
    const [cwd, temporary] = [await folder(), await folder()];
    const starting = ao(['network', 'start', '--ephemeral', ...ports], { cwd, env: { TMPDIR: temporary } });
    const begun = async () => (await readdir(temporary)).length;
    await expect.poll(begun, { timeout: 20_000, interval: 5 }).toBe(1);
    starting.child.kill('SIGINT');
    expect(await starting.ended).toMatchObject(interrupted);
    expect(await readdir(temporary)).toEqual([]);
  });
});

describe('test', () => {
  const SOURCE = `import { writeFileSync } from 'node:fs';
    import { after, test } from 'node:test';
    import { Network } from '@ao-ts/network';
    const network = await Network.forTests(after);
    test('long', async () => {
      writeFileSync('begun', '');
      await network.client.spawn(${JSON.stringify(LONG)});
    });`;

  const begun = (cwd: string) =>
    expect.poll(() => exists(join(cwd, 'begun')), { timeout: 25_000 }).toBe(true);

  test('no network is left of it', async () => {
    const [cwd, temporary] = [await folder(), await folder()];
    await writeFile(join(cwd, 'long.test.mjs'), SOURCE);
    const running = ao(['test'], { cwd, env: { TMPDIR: temporary } });
    await begun(cwd);
    running.child.kill('SIGINT');
    const { code, err } = await running.ended;
    expect({ code, err }).toEqual(interrupted);
    expect(await readdir(temporary)).toEqual([]);
  });

  // A terminal sends Ctrl-C to every program that the command has started, kill only to the command.
  test.each([
    ['all', 'SIGINT', 130],
    ['the command', 'SIGINT', 130],
    ['the command', 'SIGTERM', 143],
  ] as const)('nor of several files, when %s got %s', async (whom, signal, code) => {
    const [cwd, temporary] = [await folder(), await folder()];
    await writeFile(join(cwd, 'long.test.mjs'), SOURCE);
    await writeFile(
      join(cwd, 'other.test.mjs'),
      `import { test } from 'node:test'; test('short', () => {});`,
    );
    const running = ao(['test'], { cwd, env: { TMPDIR: temporary }, detached: true });
    await begun(cwd);
    const { pid = 0 } = running.child;
    process.kill(whom === 'all' ? -pid : pid, signal);
    expect(await running.ended).toMatchObject({ code, err: '' });
    await expect.poll(() => readdir(temporary), { timeout: 10_000 }).toEqual([]);
  });
});
