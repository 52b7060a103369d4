import type { FastifyRequest } from 'fastify';

/** The bytes of the body, as many as there are. */
export function bodyOf({ body }: Pick<FastifyRequest, 'body'>): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
