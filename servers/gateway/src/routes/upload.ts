import { Readable } from 'node:stream';
import { AoError, isAoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { Receipt } from '../domain/archive.ts';
import { readEntry } from '../domain/entry.ts';

/** A transaction in JSON carries at most a few chunks of data; more comes in chunks or as a data item. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

const ReceiptAnswer = z
  .object({
    id: z.string(),
    timestamp: z.number().describe('Unix ms.'),
    owner: z.string(),
    winc: z.string(),
    deadlineHeight: z.number(),
    dataCaches: z.array(z.string()),
    fastFinalityIndexes: z.array(z.string()),
    warnings: z.array(z.string()).optional(),
  })
  .describe('Of a data item; a transaction is answered OK, as text.');

/** `POST /tx`: a transaction as JSON, or a data item as bytes. `POST /tx/<token>`: a data item, as bundlers take it. */
export function uploadRoutes(app: App, { archive, config }: Context): void {
  app.removeContentTypeParser(['application/octet-stream', 'application/ans104']);
  app.addContentTypeParser(['application/octet-stream', 'application/ans104'], (_request, body, done) =>
    done(null, body),
  );

  const takeItem = async (body: Readable, announced: string | undefined) => {
    if (Number(announced) > config.MAX_UPLOAD_BYTES) {
      throw new AoError(
        'REQUEST.TOO_LARGE',
        `The upload has ${announced} bytes; ${config.MAX_UPLOAD_BYTES} are allowed.`,
        { action: 'fix' },
      );
    }
    try {
      return itemReceipt(await archive.addItem(body));
    } catch (error) {
      if (isAoError(error) || !body.destroyed || body.readableEnded) throw error;
      throw new AoError('REQUEST.ABORTED', 'The upload ended before all of it was sent.', {
        action: 'retry',
      });
    }
  };

  for (const path of ['/tx', '/tx/:token']) {
    app.post(
      path,
      {
        bodyLimit: MAX_JSON_BYTES,
        schema: {
          summary: 'Takes a transaction as JSON, or a data item as bytes.',
          takes: 'application/octet-stream',
          answers: { 200: ReceiptAnswer },
        },
      },
      async (request, reply) => {
        const { body, headers } = request;
        if (body instanceof Readable) return takeItem(body, headers['content-length']);
        const { warnings } = await archive.addTransaction(body);
        for (const warning of warnings) request.log.warn(warning);
        return reply.type('text/plain').send('OK');
      },
    );
  }
}

/** The receipt of a bundler. `winc` is the price in winston credits: none. */
function itemReceipt({ record, warnings }: Receipt) {
  return {
    id: record.id,
    timestamp: Date.now(),
    owner: readEntry(record).owner.address,
    winc: '0',
    deadlineHeight: record.height,
    dataCaches: [],
    fastFinalityIndexes: [],
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}
