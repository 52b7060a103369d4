import { AoError } from '@ao-ts/core';
import { type App, MAX_BODY_BYTES } from '@ao-ts/server-kit';

/** What a request costs besides its body, roughly. */
const REQUEST_BYTES = 16 * 1024;

/** Bounds the memory that unanswered writes hold; a request above it is asked to come again. */
export function limitBodies(app: App, maxBytes: number): void {
  let held = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST') return;
    const announced = request.headers['content-length'];
    const body = Math.min(announced === undefined ? MAX_BODY_BYTES : Number(announced), MAX_BODY_BYTES);
    const size = body + REQUEST_BYTES;
    if (held > 0 && held + size > maxBytes) {
      throw new AoError('REQUEST.BUSY', 'Too much is being written at once; send it again in a moment.', {
        action: 'retry',
        facts: { held, size, maxBytes },
      });
    }
    held += size;
    // Also fires where the client left without waiting for the answer.
    reply.raw.once('close', () => {
      held -= size;
    });
  });
}
