import { constants, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { isPrivate, pointFromScalar, signRecoverable } from 'tiny-secp256k1';
import { fromBase64url, ownerAddress } from '../encoding.ts';
import { AoError } from '../errors.ts';
import { assembleDataItem, type DataItem, encodeContent, type ItemContent } from './data-item.ts';
import { signatureMessage } from './deep-hash.ts';
import { ethereumDigest } from './ethereum.ts';
import { SignatureTypes } from './signature-types.ts';

/** A key that signs data items. `sign` gets the 48 bytes of {@link signatureMessage}. */
export interface Signer {
  readonly signatureType: number;
  /** Public key bytes as they stand in the item. */
  readonly owner: Uint8Array;
  /** base64url(SHA-256(owner)). */
  readonly address: string;
  /** Where a signature takes milliseconds: the private key, for {@link arweaveSignerHere} in another thread. */
  readonly slowKey?: KeyObject;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** An Arweave wallet: an RSA-4096 private key in JWK form. */
export interface ArweaveJwk {
  kty: 'RSA';
  n: string;
  e: string;
  d: string;
  p: string;
  q: string;
  dp: string;
  dq: string;
  qi: string;
}

/**
 * Signs with an Arweave wallet (RSA-PSS, SHA-256). The work is done by libuv's thread pool, not on the event loop.
 * @throws AoError `WALLET.INVALID`
 */
export function arweaveSigner(jwk: ArweaveJwk): Signer {
  const key = rsaKey(jwk);
  return {
    ...arweaveIdentity(jwk.n),
    slowKey: key,
    sign: (message) =>
      new Promise((resolve, reject) => {
        sign('sha256', message, { key, ...PSS }, (error, signature) =>
          error ? reject(error) : resolve(signature),
        );
      }),
  };
}

/** The same, but signs on the thread that calls it, at once. `key` is the `slowKey` of an {@link arweaveSigner}. */
export function arweaveSignerHere(key: KeyObject): Signer {
  const { n = '' } = key.export({ format: 'jwk' });
  return { ...arweaveIdentity(n), sign: async (message) => sign('sha256', message, { key, ...PSS }) };
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

/** `modulus` is base64url. */
function arweaveIdentity(modulus: string): Pick<Signer, 'signatureType' | 'owner' | 'address'> {
  const owner = fromBase64url(modulus);
  if (owner.length !== 512) {
    throw new AoError(
      'WALLET.INVALID',
      `The wallet must be RSA-4096; this one has ${owner.length * 8} bits.`,
      { action: 'fix' },
    );
  }
  return { signatureType: SignatureTypes.arweave, owner, address: ownerAddress(owner) };
}

function rsaKey(jwk: ArweaveJwk): KeyObject {
  try {
    const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
    if (key.asymmetricKeyType === 'rsa') return key;
    throw new TypeError(`a key of type ${key.asymmetricKeyType}`);
  } catch (cause) {
    throw new AoError('WALLET.INVALID', 'The wallet is not an RSA private key in JWK form.', {
      action: 'fix',
      cause,
    });
  }
}

/**
 * Signs with a secp256k1 key in the way of Ethereum wallets (EIP-191). `secret` has 32 bytes.
 * @throws AoError `WALLET.INVALID`
 */
export function ethereumSigner(secret: Uint8Array): Signer {
  const owner = isPrivate(secret) ? pointFromScalar(secret, false) : null;
  if (owner === null) {
    throw new AoError('WALLET.INVALID', 'The key is not a secp256k1 private key of 32 bytes.', {
      action: 'fix',
    });
  }
  return {
    signatureType: SignatureTypes.ethereum,
    owner,
    address: ownerAddress(owner),
    sign: async (message) => {
      const { signature, recoveryId } = signRecoverable(ethereumDigest(message), secret);
      return Buffer.concat([signature, Uint8Array.of(27 + recoveryId)]);
    },
  };
}

/**
 * Signs with an Ed25519 private key. It takes microseconds, so it is done at once.
 * @throws AoError `WALLET.INVALID`
 */
export function ed25519Signer(key: KeyObject): Signer {
  if (key.asymmetricKeyType !== 'ed25519' || key.type !== 'private') {
    throw new AoError('WALLET.INVALID', 'The key is not an Ed25519 private key.', { action: 'fix' });
  }
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const owner = fromBase64url(x);
  return {
    signatureType: SignatureTypes.ed25519,
    owner,
    address: ownerAddress(owner),
    sign: async (message) => sign(null, message, key),
  };
}

/** Builds and signs a data item. Throws what {@link encodeContent} throws. */
export async function createDataItem(content: ItemContent, signer: Signer): Promise<DataItem> {
  const unsigned = encodeContent(content, signer);
  const signature = await signer.sign(signatureMessage(unsigned));
  return assembleDataItem(unsigned, signature);
}
