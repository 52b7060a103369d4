import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { SignatureTypes } from '@ao-ts/core/ans104';
import { readSigner } from '@ao-ts/server-kit';
import { expect, test } from 'vitest';
import { mu, network, restart, temporaryDb, useUnit } from './unit.ts';

useUnit();

test.each([
  ['secp256k1', SignatureTypes.ethereum],
  ['ed25519', SignatureTypes.ed25519],
])('a %s key signs too, and equal spawns stay two processes', async (curve, signatureType) => {
  const path = `${await temporaryDb()}.json`;
  const { privateKey } =
    curve === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: curve });
  await writeFile(path, JSON.stringify(privateKey.export({ format: 'jwk' })));
  const { address } = await readSigner(path);
  const spawn = { Tags: [{ name: 'Module', value: network.module }] };
  const sender = network.addProcess(({ item }) =>
    item?.tag('Action') === 'Spawned' ? {} : { Spawns: [spawn, spawn] },
  );
  await restart({ env: { PATH_TO_WALLET: path }, signer: await readSigner(path) });
  await mu.post(await network.message(sender));
  expect(await mu.settled()).toEqual({ pending: 0, unsure: 0, dead: 0 });
  const announced = network.items(sender).slice(1);
  expect(new Set(announced.map((item) => item.tag('Process'))).size).toBe(2);
  expect(announced.map((item) => [item.ownerAddress, item.signatureType])).toEqual([
    [address, signatureType],
    [address, signatureType],
  ]);
});
