import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ethereumSigner, verifyDataItem } from '@ao-ts/core/ans104';
import { readSigner } from '@ao-ts/server-kit';
import { expect, test } from 'vitest';
import { schedulerLocation } from '../src/index.ts';
import {
  expectSound,
  FakeArweave,
  messageItem,
  newSigner,
  readAll,
  rebuildAssignment,
  spawn,
  startScheduler,
  temporaryDirectory,
} from './support.ts';

test.each([
  ['Ed25519', 2, () => generateKeyPairSync('ed25519').privateKey],
  ['secp256k1', 3, () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey],
])('the unit can sign with an %s key', async (_name, type, generate) => {
  await using directory = await temporaryDirectory();
  await using arweave = await new FakeArweave().start();
  const path = join(directory.path, 'key.json');
  await writeFile(path, JSON.stringify(generate().export({ format: 'jwk' })));
  const signer = await readSigner(path);
  await using rig = await startScheduler({ arweave, signer });
  const processId = await spawn(rig);
  await rig.post(await messageItem(processId, newSigner()));
  expectSound(processId, await readAll(rig, processId));
  const { assignment } = await rig.node(`/${processId}/latest`);
  const shown = (await rig.node(`/${assignment.id}?show-anchor`)).assignment;
  const item = await rebuildAssignment(shown, type);
  expect(item.id).toBe(assignment.id);
  expect(item.ownerAddress).toBe(rig.address);
  expect(await verifyDataItem(item)).toBe(true);
});

test('a key that is none is refused in one sentence', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'key.json');
  for (const [text, error] of [
    ['{', /is not JSON/],
    ['{"kty":"OKP","crv":"Ed25519","d":"x"}', /not a valid private key/],
    ['{"kty":"EC","crv":"secp256k1"}', /not a secp256k1 private key/],
    ['{}', /not an RSA private key/],
  ] as const) {
    await writeFile(path, text);
    await expect(readSigner(path)).rejects.toThrow(error);
  }
  await expect(readSigner(join(directory.path, 'none'))).rejects.toThrow(/no wallet/);
});

test('a Scheduler-Location says where the signer is to be found', async () => {
  const signer = ethereumSigner(Buffer.alloc(32, 7));
  const record = await schedulerLocation(signer, 'https://su.example:4003/some/path', 60_000);
  expect(record.ownerAddress).toBe(signer.address);
  expect(record.tags).toEqual([
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Scheduler-Location' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Url', value: 'https://su.example:4003' },
    { name: 'Time-To-Live', value: '60000' },
  ]);
  expect(await verifyDataItem(record)).toBe(true);
});
