import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { constants, createGzip, gunzip } from 'node:zlib';
import { AoError } from '@ao-ts/core';
import { SNAPSHOT_PAGE, type Snapshot, takeSnapshot } from '@ao-ts/core/loader';
import { shareSnapshot } from '../worker/snapshot-change.ts';

const ZEROS = new Uint8Array(SNAPSHOT_PAGE);

/** The whole memory, compressed, and its SHA-256 in hex. A piece at a time, so that the unit goes on answering. */
export async function compressMemory(snapshot: Snapshot): Promise<{ gzip: Buffer; sha256: string }> {
  const hash = createHash('sha256');
  function* pieces() {
    for (let start = 0, page = 0; start < snapshot.byteLength; start += SNAPSHOT_PAGE, page++) {
      const piece = (snapshot.pages.get(page) ?? ZEROS).subarray(0, snapshot.byteLength - start);
      hash.update(piece);
      // Streams do not take views of shared memory.
      yield Buffer.from(piece);
    }
  }
  const gzip = await buffer(
    Readable.from(pieces()).pipe(createGzip({ level: constants.Z_BEST_COMPRESSION })),
  );
  return { gzip, sha256: hash.digest('hex') };
}

/** @throws AoError `CHECKPOINT.DAMAGED` if the bytes are not those the checkpoint promised */
export async function readMemory(
  bytes: Uint8Array,
  promised: { gzip: boolean; sha256: string },
  maxBytes: number,
): Promise<Snapshot> {
  const memory = promised.gzip ? await promisify(gunzip)(bytes, { maxOutputLength: maxBytes }) : bytes;
  const sha256 = createHash('sha256').update(memory).digest('hex');
  if (sha256 === promised.sha256) return shareSnapshot(takeSnapshot(memory));
  throw new AoError('CHECKPOINT.DAMAGED', 'The memory of a checkpoint is not the one its tags describe.', {
    action: 'never',
    facts: { promised: promised.sha256, found: sha256 },
  });
}
