import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { toBase64url } from '../encoding.ts';
import { AoError } from '../errors.ts';
import { type DataItem, type ItemLimits, parseDataItem } from './data-item.ts';
import { signatureMessage } from './deep-hash.ts';
import { verifyEthereum, verifyTypedEthereum } from './ethereum.ts';
import { SignatureTypes } from './signature-types.ts';

const MAX_KEYS = 1000;
const keys = new Map<string, KeyObject>();

// Making a KeyObject costs as much as a verification; the same owners come again and again.
function publicKey(item: DataItem): KeyObject {
  const cacheKey = `${item.signatureType}:${item.ownerAddress}`;
  const known = keys.get(cacheKey);
  if (known) return known;
  const key =
    item.signatureType === SignatureTypes.arweave
      ? createPublicKey({ key: { kty: 'RSA', n: toBase64url(item.owner), e: 'AQAB' }, format: 'jwk' })
      : createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64url(item.owner) }, format: 'jwk' });
  if (keys.size >= MAX_KEYS) keys.delete(keys.keys().next().value ?? '');
  keys.set(cacheKey, key);
  return key;
}

function verifyRsa(item: DataItem, message: Uint8Array): Promise<boolean> {
  const options = {
    key: publicKey(item),
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_AUTO,
  };
  return new Promise((resolve) => {
    verify('sha256', message, options, item.signature, (error, valid) => resolve(!error && valid));
  });
}

function verifyEd25519(item: DataItem, message: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    verify(null, message, publicKey(item), item.signature, (error, valid) => resolve(!error && valid));
  });
}

/**
 * True if the item's signature is valid for its owner and content, over the raw bytes received.
 * `message` is given by who has the item's data elsewhere than in the item: see {@link signatureMessage}.
 */
export async function verifyDataItem(item: DataItem, message = signatureMessage(item)): Promise<boolean> {
  try {
    switch (item.signatureType) {
      case SignatureTypes.arweave:
        return await verifyRsa(item, message);
      case SignatureTypes.ed25519:
        return await verifyEd25519(item, message);
      case SignatureTypes.solana:
        // Solana wallets refuse to sign raw bytes, so the hex text of the message is what they sign.
        return await verifyEd25519(item, Buffer.from(Buffer.from(message).toString('hex')));
      case SignatureTypes.ethereum:
        return verifyEthereum(item.owner, message, item.signature);
      case SignatureTypes.typedEthereum:
        return verifyTypedEthereum(item.owner, message, item.signature);
      default:
        return false;
    }
  } catch {
    return false; // a key that is not on its curve, or not a key
  }
}

/**
 * Parses an item and checks its signature.
 * @throws AoError what {@link parseDataItem} throws, and `ANS104.SIGNATURE`
 */
export async function readSignedItem(raw: Uint8Array, limits?: ItemLimits): Promise<DataItem> {
  const item = parseDataItem(raw, limits);
  if (await verifyDataItem(item)) return item;
  throw new AoError(
    'ANS104.SIGNATURE',
    'Signature verification failed: the item was changed after it was signed.',
    {
      action: 'fix',
      facts: { id: item.id },
    },
  );
}
