import { sha256, toBase64url } from '@ao-ts/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Sends the answer under a tag that stands for its content, or 304 to a client that has it. */
export function sendTagged(
  { headers }: { headers: object },
  reply: FastifyReply,
  tag: readonly (string | number | boolean | undefined)[],
  body: unknown,
): FastifyReply {
  const etag = `"${toBase64url(sha256(Buffer.from(JSON.stringify(tag)))).slice(0, 27)}"`;
  reply.header('etag', etag);
  const known = (headers as FastifyRequest['headers'])['if-none-match'];
  const matches = known?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
  return matches ? reply.status(304).send() : reply.send(body);
}
