import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateWallet } from '@ao-ts/server-kit';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { freePorts } from '../../server-kit/test/free-ports.ts';
import { TestPostgres } from '../../server-kit/test/postgres.ts';
import { UnitProcess } from './unit-process.ts';

const UNITS = ['su', 'mu', 'cu'] as const;

let directory: string;
let postgres: TestPostgres;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ao-away-'));
  await writeFile(join(directory, 'key.json'), JSON.stringify(await generateWallet()));
  postgres = await TestPostgres.start();
}, 60_000);
afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function unitOf(name: (typeof UNITS)[number], DB_URL: string) {
  const [port, nobody] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const key = join(directory, 'key.json');
  const unit = new UnitProcess(name, url, {
    PORT: `${port}`,
    DB_URL,
    DATA_DIR: join(directory, name),
    GATEWAY_URL: `http://127.0.0.1:${nobody}`,
    UPLOAD_NODE_URL: `http://127.0.0.1:${nobody}`,
    SU_WALLET_PATH: key,
    PATH_TO_WALLET: key,
    WALLET_FILE: key,
    SU_URL: `http://127.0.0.1:${nobody}`,
    CU_URL: `http://127.0.0.1:${nobody}`,
  });
  onTestFinished(async () => void (await unit.end('SIGKILL')));
  return { unit, url };
}

const checks = async (url: string) =>
  (await (await fetch(`${url}/ready`)).json()) as {
    checks: Record<string, { ok: boolean; reason?: string }>;
  };

test('units that start before their database wait for it, alive but not ready', {
  timeout: 120_000,
}, async () => {
  const databases = [await postgres.database(), await postgres.database(), await postgres.database()];
  await postgres.stop();
  const units = await Promise.all(UNITS.map((name, index) => unitOf(name, databases[index] ?? '')));
  await Promise.all(units.map(({ unit }) => unit.start()));
  for (const { url } of units) {
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    const reason = expect.stringMatching(/waits.*ECONNREFUSED/);
    expect((await checks(url)).checks.database).toMatchObject({ ok: false, reason });
    const asked = await fetch(`${url}/result/x?process-id=y`, { method: 'POST', body: 'z' });
    expect([asked.status, asked.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await asked.json()).toMatchObject({ code: 'UPSTREAM.AWAY' });
  }
  await postgres.restart();
  for (const { url } of units) {
    await vi.waitUntil(
      async () => (await checks(url).catch(() => undefined))?.checks.database?.ok !== false,
      {
        timeout: 30_000,
      },
    );
  }
  expect(await Promise.all(units.map(({ unit }) => unit.end('SIGTERM')))).toEqual([0, 0, 0]);
});

test('a unit that its database refuses ends, and says why', { timeout: 60_000 }, async () => {
  const url = (await postgres.database()).replace('postgres:postgres@', 'postgres:wrong@');
  const { unit } = await unitOf('mu', url);
  await expect(unit.start()).rejects.toThrow('ended with 1');
});
