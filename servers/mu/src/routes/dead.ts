import { AoError } from '@ao-ts/core';
import type { App } from '@ao-ts/server-kit';
import { z } from 'zod';
import type { Messenger } from '../domain/messenger.ts';

const RETRY = '/retry';

/** `POST /dead/:key/retry`: takes a dead node up where it failed. Its key is shown by the other routes. */
export function deadRoute(app: App, { messenger }: { messenger: Pick<Messenger, 'revive'> }): void {
  const params = z.object({ '*': z.string().endsWith(RETRY, `must be a key, followed by ${RETRY}`) });
  app.post(
    '/dead/*',
    {
      schema: {
        summary: 'Takes a dead node up where it failed: the path is its key, followed by /retry.',
        params,
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
