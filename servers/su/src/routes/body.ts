import type { App } from '@ao-ts/server-kit';
import type { FastifyRequest } from 'fastify';

/** Takes bodies as bytes: what is posted is a signed item whatever its content type says, or nothing. */
export function acceptAnyBody(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** The bytes of the body, as many as there are. */
export function bodyOf({ body }: Pick<FastifyRequest, 'body'>): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
