import { fromBase64url } from '@ao-ts/core';
import { ethereumAddress, type Tag, tagValue } from '@ao-ts/core/ans104';

const SECP256K1_KEY_BYTES = 65;
const MAX_ADDRESSES = 10_000;
/** Of short keys: working one out costs more than all else about a message. */
const addresses = new Map<string, string>();

/** The address a process knows an owner by: the checksummed Ethereum address of a secp256k1 key, else what is given. */
export function addressOf(owner: { address: string; key?: string | null | undefined }): string {
  if (!owner.key) return owner.address;
  // 65 bytes are 87 characters; decoding every RSA key to learn its length would cost more than the answer.
  if (owner.key.length > 90) return owner.address;
  const known = addresses.get(owner.key);
  if (known !== undefined) return known;
  const key = fromBase64url(owner.key);
  const address = key.length === SECP256K1_KEY_BYTES ? ethereumAddress(key) : owner.address;
  if (addresses.size >= MAX_ADDRESSES) addresses.clear();
  addresses.set(owner.key, address);
  return address;
}

/** Who a message is from: the process that caused it, if it names one, else its owner. */
export function senderOf(owner: string, tags: readonly Tag[]): string {
  return tagValue(tags, 'From-Process') || owner;
}
