import { Readable } from 'node:stream';
import { tagValue } from '@ao-ts/core/ans104';
import type { App } from '@ao-ts/server-kit';
import type { z } from 'zod';
import type { Context } from '../context.ts';
import { readEntry } from '../domain/entry.ts';
import { byteRange } from './byte-range.ts';
import { IdParams } from './params.ts';
import { tagHeaders } from './tag-headers.ts';

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;[\x20-\x7e]*)?$/;

/** `GET` and `HEAD` of `/:id` and `/raw/:id`: the data, or a range of it, with the tags as headers. */
export function dataRoutes(app: App, { archive }: Context): void {
  for (const url of ['/:id', '/raw/:id']) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      schema: {
        summary: 'The data of a transaction or item, or a range of it.',
        params: IdParams,
        answers: { 200: 'application/octet-stream', 206: 'application/octet-stream' },
      },
      handler: async (request, reply) => {
        const record = archive.record((request.params as z.output<typeof IdParams>).id);
        const source = await archive.data(record);
        const { tags } = readEntry(record);
        const { size } = source;
        // What is stored may be a page that runs scripts and is shown in others, as at any gateway.
        reply.removeHeader('content-security-policy').removeHeader('x-frame-options');
        const range = byteRange(request.headers.range, size);
        reply.headers({
          ...tagHeaders(tags),
          'accept-ranges': 'bytes',
          'access-control-expose-headers': '*',
          'cache-control': 'public, max-age=31536000, immutable',
          'content-type': mediaType(tagValue(tags, 'Content-Type')),
          etag: `"${record.id}"`,
        });
        if (range === 'unsatisfiable') {
          return reply.status(416).header('content-range', `bytes */${size}`).send();
        }
        const { start, end } = range === 'all' ? { start: 0, end: size } : range;
        if (range !== 'all') reply.status(206).header('content-range', `bytes ${start}-${end - 1}/${size}`);
        reply.header('content-length', end - start);
        if (request.method === 'HEAD') return reply.send();
        return reply.send(Readable.from(source.stream(start, end), { objectMode: false }));
      },
    });
  }
}

function mediaType(tag: string | undefined): string {
  return tag !== undefined && MEDIA_TYPE.test(tag) ? tag : 'application/octet-stream';
}
