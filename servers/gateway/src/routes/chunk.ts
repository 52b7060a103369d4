import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';

const CHUNK_BYTES = 256 * 1024;
const MAX_CHUNK_BODY_BYTES = 512 * 1024;

const Chunk = z.object({ chunk: z.string().describe('In base64url.') });
const Offset = z.object({ offset: z.coerce.number().int().positive() });

/** `POST /chunk`: a part of the data of a transaction that was posted without. `GET /chunk/:offset`: a part back. */
export function chunkRoutes(app: App, { archive, store }: Context): void {
  app.post(
    '/chunk',
    {
      bodyLimit: MAX_CHUNK_BODY_BYTES,
      schema: {
        summary: 'Takes a part of the data of a transaction.',
        takes: 'application/json',
        answers: { 200: z.object({}) },
      },
    },
    async (request) => {
      for (const warning of await archive.addChunk(request.body)) request.log.warn(warning);
      return {};
    },
  );

  app.get(
    '/chunk/:offset',
    {
      schema: { summary: 'The part of the weave around an offset.', params: Offset, answers: { 200: Chunk } },
    },
    async (request) => {
      const { offset } = request.params;
      const record = store.atWeaveOffset(offset);
      if (record?.weaveEnd == null) {
        throw new AoError('REQUEST.NOT_FOUND', `There is no chunk at ${offset}.`, { action: 'fix' });
      }
      const source = await archive.data(record);
      const position = offset - (record.weaveEnd - record.size + 1);
      const start = position - (position % CHUNK_BYTES);
      const bytes = await source.read(start, Math.min(start + CHUNK_BYTES, source.size));
      return { chunk: Buffer.from(bytes).toString('base64url') };
    },
  );
}
