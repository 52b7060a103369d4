import { z } from 'zod';

const Text = z.string().nullable();
const UnixMs = z.number().nullable().describe('Unix ms.');

/** Something the messenger delivers, as it is shown. */
const Node = z.object({
  seq: z.number(),
  key: z.string(),
  parent: Text.describe('Key of what caused it.'),
  kind: z.enum(['message', 'process', 'assignment']),
  state: z.enum(['received', 'unsure', 'scheduled', 'resulted', 'done', 'dead']),
  lane: z.string(),
  emitter: Text,
  target: z.string(),
  root: Text,
  depth: z.number(),
  owner: Text,
  trace: Text,
  id: Text,
  host: Text,
  nonce: z.number().nullable(),
  attempts: z.number(),
  error: Text,
  retryAt: UnixMs,
  receivedAt: z.number().describe('Unix ms.'),
  scheduledAt: UnixMs,
  resultedAt: UnixMs,
  finishedAt: UnixMs,
});

/** A page of nodes. */
export const nodePage = { 200: z.object({ nodes: z.array(Node), hasNextPage: z.boolean() }) };

/** Paging by the `seq` of the last node seen. */
export const pageQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
});
