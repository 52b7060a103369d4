import { fromBase64url, sha256, toBase64url } from '../encoding.ts';

/** Hash-Chain of nonce 0: base64url(SHA-256(process id)). */
export function firstHashChain(processId: string): string {
  return toBase64url(sha256(fromBase64url(processId)));
}

/** Hash-Chain that follows an assignment: base64url(SHA-256(assignment id ‖ its Hash-Chain)), each 32 bytes. */
export function nextHashChain(previous: { assignmentId: string; hashChain: string }): string {
  return toBase64url(
    sha256(Buffer.concat([fromBase64url(previous.assignmentId), fromBase64url(previous.hashChain)])),
  );
}
