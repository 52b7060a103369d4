import { hash } from 'node:crypto';

/** Encodes bytes as base64url without padding, the form of every id, address and key of the protocol. */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** Decodes base64url (padding tolerated). Characters outside the alphabet are skipped: check ids with {@link isId} first. */
export function fromBase64url(text: string): Uint8Array {
  return Buffer.from(text, 'base64url');
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}

export function sha384(bytes: Uint8Array): Uint8Array {
  return hash('sha384', bytes, 'buffer');
}

const ID = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** True for the 43 characters of base64url that stand for 32 bytes: data item ids, transaction ids, Arweave addresses. */
export function isId(text: unknown): text is string {
  return typeof text === 'string' && ID.test(text);
}

/** The Arweave address of a public key: base64url(SHA-256(owner bytes)). */
export function ownerAddress(owner: Uint8Array): string {
  return toBase64url(sha256(owner));
}
