import type { ByteSource } from './byte-source.ts';

/** The body of a request, received in full and durable, but not yet kept. */
export interface Upload extends ByteSource {
  /** All of it, if it is small. */
  readonly bytes?: Uint8Array;
  /** Forgets what was received; does nothing once it was kept. */
  discard(): Promise<void>;
}

/** Blobs that are too large for the database. Names are ids. */
export interface BlobStore {
  /** @throws AoError `REQUEST.TOO_LARGE` */
  receive(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Upload>;
  /** Makes an upload the blob of that name. Durable when it resolves. */
  keep(upload: Upload, name: string): Promise<void>;
  open(name: string): Promise<ByteSource | undefined>;
  /** Writes a part of a blob that comes in parts. Durable when it resolves. */
  writePart(name: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** Makes the parts the blob of that name. Durable when it resolves. */
  joinParts(name: string): Promise<void>;
}
