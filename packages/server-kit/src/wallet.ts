import { generateKeyPair } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { AoError } from '@ao-ts/core';
import { type ArweaveJwk, arweaveSigner, type Signer } from '@ao-ts/core/ans104';

/**
 * Reads an Arweave wallet (JWK JSON) from a file.
 * @throws AoError `WALLET.MISSING`, `WALLET.INVALID`
 */
export async function readWallet(path: string): Promise<{ jwk: ArweaveJwk; signer: Signer }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new AoError('WALLET.MISSING', `There is no wallet at ${path}.`, { action: 'fix', cause });
  }
  let jwk: ArweaveJwk;
  try {
    jwk = JSON.parse(text) as ArweaveJwk;
  } catch (cause) {
    throw new AoError('WALLET.INVALID', `The wallet at ${path} is not JSON.`, { action: 'fix', cause });
  }
  return { jwk, signer: arweaveSigner(jwk) };
}

/** A new RSA-4096 wallet. Takes about a second of a core, off the event loop. */
export async function generateWallet(): Promise<ArweaveJwk> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 4096,
    publicExponent: 65537,
  });
  return privateKey.export({ format: 'jwk' }) as ArweaveJwk;
}

/** The wallet at `path`, made there (readable by its owner only) if there is none. */
export async function readOrCreateWallet(path: string): Promise<{ jwk: ArweaveJwk; signer: Signer }> {
  try {
    return await readWallet(path);
  } catch (error) {
    if (!(error instanceof AoError) || error.code !== 'WALLET.MISSING') throw error;
  }
  const text = JSON.stringify(await generateWallet());
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return readWallet(path);
}
