import { keccak_256 } from '@noble/hashes/sha3.js';
import { type RecoveryIdType, recover } from 'tiny-secp256k1';

const EIP191_PREFIX = Buffer.from('\x19Ethereum Signed Message:\n48');

/** keccak-256 of the EIP-191 "personal message" made from the 48 bytes an item's signature covers. */
export function ethereumDigest(message: Uint8Array): Uint8Array {
  return keccak_256(Buffer.concat([EIP191_PREFIX, message]));
}

const textHash = (text: string): Uint8Array => keccak_256(Buffer.from(text));

const TYPED_DOMAIN = keccak_256(
  Buffer.concat([textHash('EIP712Domain(string name,string version)'), textHash('Bundlr'), textHash('1')]),
);
const TYPED_STRUCT = textHash('Bundlr(bytes Transaction hash,address address)');

/** The EIP-712 digest that wallets sign for typed Ethereum items; `address` has 20 bytes. */
function typedDigest(message: Uint8Array, address: Uint8Array): Uint8Array {
  const struct = keccak_256(Buffer.concat([TYPED_STRUCT, keccak_256(message), new Uint8Array(12), address]));
  return keccak_256(Buffer.concat([Uint8Array.of(0x19, 0x01), TYPED_DOMAIN, struct]));
}

const HALF_ORDER = Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex');

/** The uncompressed key (65 bytes) that made `signature` (r ‖ s ‖ v, v of 27 or 28), or undefined. */
function recoverKey(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  const v = signature[64];
  if (v !== 27 && v !== 28) return undefined;
  // The same signature with -s in place of s is valid too: taking it would give the same item a second id.
  if (Buffer.compare(signature.subarray(32, 64), HALF_ORDER) > 0) return undefined;
  try {
    return recover(digest, signature.subarray(0, 64), (v - 27) as RecoveryIdType, false) ?? undefined;
  } catch {
    return undefined;
  }
}

/** True if `signature` was made by `owner` (65 bytes, uncompressed) in the way of EIP-191. */
export function verifyEthereum(owner: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = recoverKey(ethereumDigest(message), signature);
  return key !== undefined && Buffer.compare(key, owner) === 0;
}

/** True if `signature` was made in the way of EIP-712 by `owner`: the 42 characters of its address, `0x…`. */
export function verifyTypedEthereum(owner: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const text = Buffer.from(owner).toString('latin1');
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return false;
  const address = Buffer.from(text.slice(2), 'hex');
  const key = recoverKey(typedDigest(message, address), signature);
  return key !== undefined && Buffer.compare(addressBytes(key), address) === 0;
}

function addressBytes(key: Uint8Array): Uint8Array {
  return keccak_256(key.subarray(1)).subarray(12);
}

/** EIP-55 checksummed address (`0x…`) of an uncompressed secp256k1 key. */
export function ethereumAddress(owner: Uint8Array): string {
  const hex = Buffer.from(addressBytes(owner)).toString('hex');
  const digest = Buffer.from(keccak_256(Buffer.from(hex))).toString('hex');
  const checksummed = [...hex].map((char, i) =>
    Number.parseInt(digest[i] ?? '0', 16) >= 8 ? char.toUpperCase() : char,
  );
  return `0x${checksummed.join('')}`;
}
