import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createDataItem, type DataItem, ethereumSigner } from '@ao-ts/core/ans104';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../../../packages/server-kit/test/free-ports.ts';
import { temporaryFolder } from './support.ts';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

async function startProcess(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${env.PORT}`;
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`exited: ${errors}`);
      expect((await fetch(`${url}/health`)).status).toBe(200);
    },
    { timeout: 20_000, interval: 50 },
  );
  const stop = async (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return { code, errors };
  };
  return { url, stop };
}

it('keeps everything it acknowledged when it is killed, and exits by itself when it is asked to', async () => {
  const env = { DATA_DIR: await temporaryFolder(), PORT: String(await freePort()), BLOCK_TIME_MS: '0' };
  const signer = ethereumSigner(randomBytes(32));
  const items = await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      createDataItem(
        { data: randomBytes(n % 10 === 0 ? 400_000 : 500), tags: [{ name: 'N', value: `${n}` }] },
        signer,
      ),
    ),
  );
  const first = await startProcess(env);
  const acknowledged: DataItem[] = [];
  const uploads = Promise.allSettled(
    items.map(async (item) => {
      const headers = { 'content-type': 'application/octet-stream' };
      const answer = await fetch(`${first.url}/tx`, { method: 'POST', headers, body: Buffer.from(item.raw) });
      if (answer.status === 200) acknowledged.push(item);
    }),
  );
  await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(20), { timeout: 20_000, interval: 1 });
  await first.stop('SIGKILL');
  await uploads;

  const second = await startProcess(env);
  for (const item of acknowledged) {
    const answer = await fetch(`${second.url}/raw/${item.id}`);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from(item.data));
  }
  expect(await second.stop('SIGTERM')).toEqual({ code: 0, errors: '' });
});
