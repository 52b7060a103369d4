import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Ledger } from '../domain/ledger.ts';
import type { Messenger } from '../domain/messenger.ts';
import { nodePage, pageQuery } from './page.ts';

const RETRY = '/retry';

/**
 * `GET /dead`: what can not go on, each with its key and why, oldest first. `POST /dead/:key/retry`: takes it up where it
 * failed.
 */
export function deadRoutes(
  app: App,
  { messenger, ledger }: { messenger: Pick<Messenger, 'revive'>; ledger: Ledger },
): void {
  app.get(
    '/dead',
    {
      schema: {
        summary: 'What can not go on, each with its key and why.',
        querystring: pageQuery,
        answers: nodePage,
      },
    },
    async (request) => {
      const nodes = await ledger.allDead(request.query);
      return { nodes, hasNextPage: nodes.length === request.query.limit };
    },
  );

  const params = z.object({ '*': z.string().endsWith(RETRY, `must be a key, followed by ${RETRY}`) });
  app.post(
    '/dead/*',
    {
      schema: {
        summary: 'Takes a dead node up where it failed: the path is its key, followed by /retry.',
        params,
        answers: { 202: z.object({ message: z.string(), key: z.string() }) },
      },
    },
    async (request, reply) => {
      const key = request.params['*'].slice(0, -RETRY.length);
      if (await messenger.revive(key)) return reply.status(202).send({ message: 'Trying again', key });
      throw new AoError(
        'REQUEST.NOT_FOUND',
        `There is nothing dead with the key '${key}' that can be sent.`,
        {
          action: 'fix',
        },
      );
    },
  );
}
