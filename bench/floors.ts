import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Signer } from '@ao-ts/core/ans104';
import { compileModule, instantiate } from '@ao-ts/core/loader';
import { moduleBinary, moduleTags } from '@ao-ts/lua';
import { HttpClient } from '@ao-ts/server-kit';
import { percentile } from './report.ts';

/** RSA-4096 signatures per second, one after another. */
export async function signaturesPerSecond(signer: Signer, count = 60): Promise<number> {
  const message = Buffer.alloc(48);
  const started = performance.now();
  for (let i = 0; i < count; i++) await signer.sign(message);
  return (count * 1000) / (performance.now() - started);
}

/** Median milliseconds of a small HTTP request to a bare server on this machine. */
export async function httpRoundTrip(count = 300): Promise<number> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const http = new HttpClient();
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    await http.send(url, { method: 'POST', body: 'x'.repeat(1300) });
    samples.push(performance.now() - started);
  }
  await http.close();
  server.close();
  return percentile(samples, 0.5);
}

/** Messages per second of the Lua module alone: `handle` called in place, nothing around it. */
export async function handlesPerSecond(
  source: string,
  message: (nonce: number) => object,
  count = 2000,
): Promise<number> {
  const format = moduleTags.find((tag) => tag.name === 'Module-Format')?.value ?? '';
  const instance = instantiate(await compileModule(await moduleBinary(), { format }));
  const id = 'A'.repeat(43);
  const env = JSON.stringify({
    Process: { Id: id, Owner: id, Tags: [{ name: 'On-Boot', value: 'Data' }] },
    Module: { Id: id, Owner: id, Tags: [] },
  });
  const base = {
    Id: id,
    Owner: id,
    From: id,
    Target: id,
    'Block-Height': 1_600_001,
    Module: id,
    Epoch: 0,
    Cron: false,
  };
  const spawnTags = [
    { name: 'Type', value: 'Process' },
    { name: 'On-Boot', value: 'Data' },
  ];
  instance.handle(JSON.stringify({ ...base, Data: source, Tags: spawnTags, Nonce: 0, Timestamp: 1 }), env);
  const messages = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ ...base, Nonce: i + 1, Timestamp: i + 2, ...message(i + 1) }),
  );
  const started = performance.now();
  for (const text of messages) instance.handle(text, env);
  const seconds = (performance.now() - started) / 1000;
  return count / seconds;
}
