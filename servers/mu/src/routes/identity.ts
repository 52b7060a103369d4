import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Ledger } from '../domain/ledger.ts';
import type { NodeKind } from '../domain/node.ts';
import { type Related, relativesOf } from '../domain/relatives.ts';

const querystring = z.object({
  debug: z.string().optional(),
  process: z.string().optional(),
  message: z.string().optional(),
  spawn: z.string().optional(),
  assign: z.string().optional(),
  page: z.coerce.number().int().min(1).default(1),
  'page-size': z.coerce.number().int().min(1).max(1000).default(10),
});

const Text = z.string().nullable();
const Traces = z
  .object({
    pageInfo: z.object({ hasNextPage: z.boolean() }),
    edges: z.array(
      z.object({
        cursor: z.string(),
        node: z.object({
          relation: z.enum(['root', 'ancestor', 'descendant']),
          id: z.string(),
          messageId: Text,
          processId: Text,
          wallet: Text,
          ip: z.null(),
          parentId: Text,
          timestamp: z.number().describe('Unix ms.'),
          type: z.enum(['MESSAGE', 'SPAWN', 'ASSIGN']),
        }),
      }),
    ),
  })
  .describe('With debug; without, a word in text/html.');

const TYPES: Record<NodeKind, string> = { message: 'MESSAGE', process: 'SPAWN', assignment: 'ASSIGN' };

/**
 * `GET /`: says what is here; also asked to see whether the unit lives. With `debug`, what this unit did for a process,
 * or what led to and followed from one message, spawn or assignment.
 */
export function identityRoute(app: App, { ledger }: { ledger: Ledger }): void {
  app.get(
    '/',
    {
      schema: {
        summary: 'That a messenger is here; with debug, what it did.',
        querystring,
        answers: { 200: Traces },
      },
    },
    async (request, reply) => {
      const { debug, process, message, spawn, assign, page, 'page-size': size } = request.query;
      if (!debug) return reply.type('text/html').send('ao messenger unit');
      const ids = [message, spawn, assign].filter((id) => id !== undefined);
      if (ids.length > 1) {
        throw new AoError(
          'REQUEST.DEBUG',
          'Only one of message, assign, or spawn query parameters can be provided',
          { action: 'never' },
        );
      }
      const [id] = ids;
      if (!process && !id) {
        throw new AoError('REQUEST.DEBUG', "'process': Process ID is required.", { action: 'fix' });
      }
      const range = { offset: (page - 1) * size, limit: size + 1 };
      const found = id ? await relativesOf(ledger, id, range) : await recent(ledger, process ?? '', range);
      const edges = found
        .slice(0, size)
        .map((related) => ({ node: traceOf(related), cursor: related.node.key }));
      return reply.send({ pageInfo: { hasNextPage: found.length > size }, edges });
    },
  );
}

async function recent(
  ledger: Ledger,
  process: string,
  range: { offset: number; limit: number },
): Promise<Related[]> {
  return (await ledger.about(process, 'message', range)).map((node) => ({ relation: 'root', node }));
}

function traceOf({ relation, node }: Related) {
  return {
    relation,
    id: node.key,
    messageId: node.id,
    processId: node.kind === 'process' ? node.id : node.target,
    wallet: node.owner,
    ip: null, // not kept
    parentId: node.parent,
    timestamp: node.receivedAt,
    type: TYPES[node.kind],
  };
}
