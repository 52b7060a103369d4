import type { App } from '@ao-ts/server-kit';
import type { FastifyRequest } from 'fastify';

/** Takes bodies as bytes: what is posted is a signed item whatever its content type says, if it says one at all. */
export function acceptAnyBody(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    request.raw.headers['content-type'] = 'application/octet-stream';
    done();
  });
}

/** The bytes of the body, as many as there are. */
export function bodyOf({ body }: Pick<FastifyRequest, 'body'>): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
