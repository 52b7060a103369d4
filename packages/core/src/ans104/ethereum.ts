import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';

const EIP191_PREFIX = Buffer.from('\x19Ethereum Signed Message:\n48');

/** keccak-256 of the EIP-191 "personal message" made from the 48 bytes an item's signature covers. */
export function ethereumDigest(message: Uint8Array): Uint8Array {
  return keccak_256(Buffer.concat([EIP191_PREFIX, message]));
}

/** True if `signature` (r ‖ s ‖ v, v of 27 or 28) was made by `owner` (65 bytes, uncompressed). */
export function verifyEthereum(owner: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const v = signature[64];
  if (owner[0] !== 4 || (v !== 27 && v !== 28)) return false;
  try {
    const recoverable = Buffer.concat([Uint8Array.of(v - 27), signature.subarray(0, 64)]);
    const point = secp256k1.Signature.fromBytes(recoverable, 'recovered').recoverPublicKey(
      ethereumDigest(message),
    );
    return Buffer.compare(point.toBytes(false), owner) === 0;
  } catch {
    return false;
  }
}

/** EIP-55 checksummed address (`0x…`) of an uncompressed secp256k1 key. */
export function ethereumAddress(owner: Uint8Array): string {
  const hex = Buffer.from(keccak_256(owner.subarray(1)).subarray(12)).toString('hex');
  const digest = Buffer.from(keccak_256(Buffer.from(hex))).toString('hex');
  const checksummed = [...hex].map((char, i) =>
    Number.parseInt(digest[i] ?? '0', 16) >= 8 ? char.toUpperCase() : char,
  );
  return `0x${checksummed.join('')}`;
}
