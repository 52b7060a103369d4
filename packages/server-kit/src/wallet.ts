import { createPrivateKey, generateKeyPair, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { AoError, fromBase64url } from '@ao-ts/core';
import {
  type ArweaveJwk,
  arweaveSigner,
  ed25519Signer,
  ethereumSigner,
  type Signer,
} from '@ao-ts/core/ans104';

async function readJwk(path: string): Promise<JsonWebKey> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new AoError('WALLET.MISSING', `There is no wallet at ${path}.`, { action: 'fix', cause });
  }
  return parseJwk(text, `at ${path}`);
}

function parseJwk(text: string, where: string): JsonWebKey {
  try {
    return JSON.parse(text) as JsonWebKey;
  } catch {
    // What was wrong with it is not said: the text would quote the key.
    throw new AoError('WALLET.INVALID', `The wallet ${where} is not JSON.`, { action: 'fix' });
  }
}

/**
 * Reads a key of any kind that signs data items (JWK JSON): RSA-4096 (an Arweave wallet), Ed25519, or secp256k1
 * (signs as Ethereum wallets do).
 * @throws AoError `WALLET.MISSING`, `WALLET.INVALID`
 */
export async function readSigner(path: string): Promise<Signer> {
  return signerOf(await readJwk(path), `at ${path}`);
}

/**
 * The signer of a key that is given as text, or else by the path of its file.
 * @throws AoError `WALLET.MISSING`, `WALLET.INVALID`
 */
export async function signerFrom(key: {
  text: string | undefined;
  path: string | undefined;
}): Promise<Signer> {
  if (key.text === undefined) return readSigner(key.path ?? '');
  const where = 'in the environment';
  return signerOf(parseJwk(key.text, where), where);
}

function signerOf(jwk: JsonWebKey, where: string): Signer {
  try {
    if (jwk.kty === 'OKP') return ed25519Signer(createPrivateKey({ key: jwk, format: 'jwk' }));
    if (jwk.kty === 'EC' && jwk.crv === 'secp256k1') return ethereumSigner(fromBase64url(jwk.d ?? ''));
  } catch (cause) {
    if (cause instanceof AoError) throw cause;
    throw new AoError('WALLET.INVALID', `The key ${where} is not a valid private key.`, {
      action: 'fix',
      cause,
    });
  }
  return arweaveSigner(jwk as ArweaveJwk);
}

/** A new RSA-4096 wallet. Takes about a second of a core, off the event loop. */
export async function generateWallet(): Promise<ArweaveJwk> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 4096,
    publicExponent: 65537,
  });
  return privateKey.export({ format: 'jwk' }) as ArweaveJwk;
}

/** A new Ed25519 key, at once. It signs data items, but is no Arweave wallet. */
export async function generateEd25519Key(): Promise<JsonWebKey> {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
}

/** The key at `path`, made there (readable by its owner only) if there is none. */
export async function readOrCreateWallet(
  path: string,
  generate: () => Promise<object> = generateWallet,
): Promise<{ signer: Signer }> {
  try {
    return { signer: await readSigner(path) };
  } catch (error) {
    if (!(error instanceof AoError) || error.code !== 'WALLET.MISSING') throw error;
  }
  const text = JSON.stringify(await generate());
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return { signer: await readSigner(path) };
}
