import { z } from 'zod';
import type { Route } from './room.ts';

const Identity = z.object({ address: z.string(), timestamp: z.number().describe('Unix ms.') });

export const identityRoute: Route = (app, { context }) => {
  app.get('/', { schema: { summary: 'Who evaluates here.', answers: { 200: Identity } } }, async () => ({
    address: context.signer.address,
    timestamp: context.clock(),
  }));
};
