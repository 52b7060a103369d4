import { AoError, fromBase64url, isId, sha256 } from '@ao-ts/core';
import { validatePath } from 'arweave/node/lib/merkle.js';
import { z } from 'zod';

const Base64url = z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be base64url');
const Digits = z.string().regex(/^\d{1,15}$/, 'must be a decimal number as text');

/** A part of a transaction's data, with the proof that it is one. Byte fields are base64url. */
export const Chunk = z.object({
  data_root: z.string().refine(isId, 'must be 43 characters of base64url'),
  data_size: Digits,
  data_path: Base64url,
  offset: Digits,
  chunk: Base64url,
});
export type Chunk = z.output<typeof Chunk>;

const MAX_CHUNK_BYTES = 256 * 1024;
const MAX_PATH_BYTES = 16 * 1024;
const HASH_BYTES = 32;

/** The error texts of a chunk that clients know: with any of these they give up, else they try again. */
export type ChunkProblem =
  | 'chunk_too_big'
  | 'data_path_too_big'
  | 'data_root_not_found'
  | 'invalid_json'
  | 'invalid_proof';

export function chunkError(problem: ChunkProblem): AoError {
  return new AoError('CHUNK.INVALID', problem, { action: 'fix' });
}

/** A chunk whose proof is right: these bytes are at `start` of the `size` bytes with that root. */
export interface ReadChunk {
  root: string;
  size: number;
  start: number;
  bytes: Uint8Array;
}

/**
 * Reads a chunk and checks its proof.
 * @throws AoError `CHUNK.INVALID`, its message a {@link ChunkProblem}
 */
export async function readChunk(json: unknown): Promise<ReadChunk> {
  const parsed = Chunk.safeParse(json);
  if (!parsed.success) throw chunkError('invalid_json');
  const { data_root: root, data_size, data_path, offset, chunk } = parsed.data;
  const bytes = fromBase64url(chunk);
  const path = fromBase64url(data_path);
  if (bytes.length > MAX_CHUNK_BYTES) throw chunkError('chunk_too_big');
  if (path.length > MAX_PATH_BYTES) throw chunkError('data_path_too_big');
  const size = Number(data_size);
  const place = await validatePath(fromBase64url(root), Number(offset), 0, size, path);
  const leaf = path.subarray(-2 * HASH_BYTES, -HASH_BYTES);
  if (!place || place.chunkSize !== bytes.length || Buffer.compare(sha256(bytes), leaf) !== 0) {
    throw chunkError('invalid_proof');
  }
  return { root, size, start: place.leftBound, bytes };
}
